BEGIN TRANSACTION;
CREATE TABLE actors (
	id TEXT NOT NULL, 
	node TEXT, 
	user TEXT, 
	since TEXT, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_actors PRIMARY KEY (id)
);
INSERT INTO "actors" VALUES('g5btlkyk','hcbq2jdt','(import)','2027-01-15T08:00:00.000Z','01a3185c50000000g5btlkyk',1,'{}','{}','{}','{"*":""}',1);
INSERT INTO "actors" VALUES('l1j0hhkv','hcbq2jdt','(server)','2027-01-15T08:00:00.000Z','01a3185c50000002l1j0hhkv',1,'{}','{}','{}','{"*":""}',2);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE alerts (
	id TEXT NOT NULL, 
	type TEXT, 
	message TEXT, 
	severity TEXT, 
	timestamp TEXT, 
	related_id TEXT, 
	dismissed INTEGER, 
	received_at TEXT, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_alerts PRIMARY KEY (id)
);
INSERT INTO "alerts" VALUES('ALERT-1770670800000-nmy0c3xtj','READY_FOR_DELIVERY','PROYECTO LISTO: Nuevo Proyecto 2 está pronto para despacho.','HIGH','2026-02-09T21:00:00.000Z','PROJECTS-1770660000962',0,'2026-02-09T21:00:00.000Z','01a3185c50000024g5btlkyk',1,'{}','{}','{}','{"*":""}',37);
INSERT INTO "alerts" VALUES('ALERT-1770624000000-cxow9o2p8','READY_FOR_DELIVERY','PROYECTO LISTO: Galpón 1 está pronto para despacho.','HIGH','2026-02-09T08:00:00.000Z','PROJECTS-1770642000550',0,'2026-02-09T08:00:00.000Z','01a3185c50000025g5btlkyk',1,'{}','{}','{}','{"*":""}',38);
CREATE TABLE answers (
	"key" TEXT NOT NULL, 
	whose TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	data TEXT NOT NULL, 
	version TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_answers PRIMARY KEY (whose, "key")
);
CREATE TABLE attempts (
	address TEXT NOT NULL, 
	failures FLOAT NOT NULL, 
	at INTEGER NOT NULL, 
	blocked_until INTEGER NOT NULL, 
	good_at INTEGER NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (address)
);
CREATE TABLE change_log (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	tx INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	run TEXT NOT NULL, 
	elapsed INTEGER NOT NULL, 
	collection TEXT NOT NULL, 
	row_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	user_id TEXT, 
	stamp TEXT NOT NULL, 
	fields TEXT NOT NULL, 
	CONSTRAINT ck_change_log_kind CHECK (kind IN ('create', 'update', 'delete', 'restore'))
);
INSERT INTO "change_log" VALUES(1,1,1800000000000,'l1j0hhkv',1347,'actors','g5btlkyk','create','import',NULL,'01a3185c50000000g5btlkyk','{"node":[null,"hcbq2jdt"],"user":[null,"(import)"],"since":[null,"2027-01-15T08:00:00.000Z"]}');
INSERT INTO "change_log" VALUES(2,1,1800000000000,'l1j0hhkv',1347,'actors','l1j0hhkv','create','import',NULL,'01a3185c50000002l1j0hhkv','{"node":[null,"hcbq2jdt"],"user":[null,"(server)"],"since":[null,"2027-01-15T08:00:00.000Z"]}');
INSERT INTO "change_log" VALUES(3,1,1800000000000,'l1j0hhkv',1347,'machines','M-01','create','import',NULL,'01a3185c50000001g5btlkyk','{"status":[null,"IDLE"],"operatorIds":[null,["U-002"]],"efficiency":[null,92],"oee_availability":[null,95],"oee_performance":[null,97],"oee_quality":[null,99],"isActive":[null,true],"totalMetersProduced":[null,12000],"nextMaintenanceMeters":[null,15000],"name":[null,"Conf. China 1"],"type":[null,"CONFORMADORA"],"category":[null,"STANDARD"],"brand":[null,"China"],"lastMaintenance":[null,"2023-10-01"],"color":[null,"#10b981"]}');
INSERT INTO "change_log" VALUES(4,1,1800000000000,'l1j0hhkv',1347,'machines','M-02','create','import',NULL,'01a3185c50000003g5btlkyk','{"status":[null,"IDLE"],"operatorIds":[null,[]],"efficiency":[null,0],"oee_availability":[null,0],"oee_performance":[null,0],"oee_quality":[null,0],"isActive":[null,true],"totalMetersProduced":[null,8000],"nextMaintenanceMeters":[null,10000],"name":[null,"Conf. Cunmac"],"type":[null,"CONFORMADORA"],"category":[null,"STANDARD"],"brand":[null,"Cunmac"],"lastMaintenance":[null,"2023-09-15"],"color":[null,"#f59e0b"]}');
INSERT INTO "change_log" VALUES(5,1,1800000000000,'l1j0hhkv',1347,'machines','M-03','create','import',NULL,'01a3185c50000004g5btlkyk','{"status":[null,"IDLE"],"operatorIds":[null,["U-004"]],"efficiency":[null,88],"oee_availability":[null,90],"oee_performance":[null,95],"oee_quality":[null,98],"isActive":[null,true],"totalMetersProduced":[null,15000.5],"nextMaintenanceMeters":[null,20000],"name":[null,"Conf. Framemac"],"type":[null,"CONFORMADORA"],"category":[null,"STRUCTURAL"],"brand":[null,"Framemac"],"lastMaintenance":[null,"2023-10-10"],"color":[null,"#06b6d4"]}');
INSERT INTO "change_log" VALUES(6,1,1800000000000,'l1j0hhkv',1347,'machines','M-06','create','import',NULL,'01a3185c50000005g5btlkyk','{"status":[null,"IDLE"],"operatorIds":[null,["U-004"]],"efficiency":[null,100],"oee_availability":[null,100],"oee_performance":[null,100],"oee_quality":[null,100],"isActive":[null,true],"totalMetersProduced":[null,0],"nextMaintenanceMeters":[null,0],"name":[null,"Taller Herrería"],"type":[null,"HERRERIA"],"brand":[null,"Interno"],"color":[null,"#f97316"]}');
INSERT INTO "change_log" VALUES(7,1,1800000000000,'l1j0hhkv',1347,'machines','M-07','create','import',NULL,'01a3185c50000006g5btlkyk','{"status":[null,"IDLE"],"operatorIds":[null,["U-003"]],"efficiency":[null,100],"oee_availability":[null,100],"oee_performance":[null,100],"oee_quality":[null,100],"isActive":[null,true],"totalMetersProduced":[null,0],"nextMaintenanceMeters":[null,0],"name":[null,"Estación Panelizado"],"type":[null,"PANELIZADO"],"brand":[null,"Pinnacle"],"color":[null,"#8b5cf6"]}');
INSERT INTO "change_log" VALUES(8,1,1800000000000,'l1j0hhkv',1347,'machines','M-CARGA','create','import',NULL,'01a3185c50000007g5btlkyk','{"status":[null,"IDLE"],"operatorIds":[null,["USERS-1770624007919"]],"efficiency":[null,100],"oee_availability":[null,100],"oee_performance":[null,100],"oee_quality":[null,100],"isActive":[null,true],"totalMetersProduced":[null,0],"nextMaintenanceMeters":[null,0],"name":[null,"Unidad de Despacho"],"type":[null,"CARGA"],"brand":[null,"Logística"],"color":[null,"#3b82f6"]}');
INSERT INTO "change_log" VALUES(9,1,1800000000000,'l1j0hhkv',1347,'jobs','JOBS-1770624000828','create','import',NULL,'01a3185c50000008g5btlkyk','{"completedQuantity":[null,0],"status":[null,"PENDING"],"projectId":[null,"PROJECTS-1770624000828"],"machineType":[null,"CONFORMADORA"],"productName":[null,"Casa perfil 0"],"targetQuantity":[null,118],"unit":[null,"units"],"priorityIndex":[null,1],"isStock":[null,true]}');
INSERT INTO "change_log" VALUES(10,1,1800000000000,'l1j0hhkv',1347,'jobs','JOBS-1770624420828','create','import',NULL,'01a3185c50000009g5btlkyk','{"completedQuantity":[null,1],"status":[null,"COMPLETED"],"projectId":[null,"PROJECTS-1770624000828"],"machineType":[null,"CONFORMADORA"],"assignedMachineId":[null,"M-02"],"operatorIds":[null,[]],"productName":[null,"Casa perfil 1"],"targetQuantity":[null,1],"unit":[null,"units"],"priorityIndex":[null,2],"fileUrl":[null,"lista de corte ñ 1.csv"],"operatorNotes":[null,"ok — faltó 1 perfil\nse repuso"],"isStock":[null,false],"completedAt":[null,"2026-02-09T11:07:00.828Z"]}');
INSERT INTO "change_log" VALUES(11,1,1800000000000,'l1j0hhkv',1347,'jobs','JOBS-1770642000550','create','import',NULL,'01a3185c5000000ag5btlkyk','{"completedQuantity":[null,0],"status":[null,"PENDING"],"projectId":[null,"PROJECTS-1770642000550"],"machineType":[null,"CONFORMADORA"],"productName":[null,"Galpón 1 perfil 0"],"targetQuantity":[null,300],"unit":[null,"m"],"priorityIndex":[null,1],"isStock":[null,true]}');
INSERT INTO "change_log" VALUES(12,1,1800000000000,'l1j0hhkv',1347,'jobs','JOBS-1770660000962','create','import',NULL,'01a3185c5000000bg5btlkyk','{"completedQuantity":[null,0],"status":[null,"HALTED"],"projectId":[null,"PROJECTS-1770660000962"],"machineType":[null,"HERRERIA"],"productName":[null,"Nuevo Proyecto 2 perfil 0"],"targetQuantity":[null,1],"unit":[null,"unidades (6m)"],"priorityIndex":[null,1],"workflowStages":[null,[{"name":"CORTE","isCompleted":true,"completedAt":"2026-02-09T18:00:00.962Z"},{"name":"SOLDADURA","isCompleted":false},{"name":"PINTURA","isCompleted":false},{"name":"TERMINADO","isCompleted":false}]],"isStock":[null,true]}');
INSERT INTO "change_log" VALUES(13,1,1800000000000,'l1j0hhkv',1347,'jobs','JOBS-1770678000165','create','import',NULL,'01a3185c5000000cg5btlkyk','{"completedQuantity":[null,231],"status":[null,"IN_PROGRESS"],"projectId":[null,"PROJECTS-1770678000165"],"machineType":[null,"SOLDADURA"],"productName":[null,"Nuevo Proyecto 3 perfil 0"],"targetQuantity":[null,300],"unit":[null,"m"],"priorityIndex":[null,1],"workflowStages":[null,[{"name":"CORTE","isCompleted":true,"completedAt":"2026-02-09T23:00:00.165Z"},{"name":"SOLDADURA","isCompleted":true,"completedAt":"2026-02-10T00:00:00.165Z"},{"name":"PINTURA","isCompleted":true,"completedAt":"2026-02-10T01:00:00.165Z"},{"name":"TERMINADO","isCompleted":false}]],"isStock":[null,true]}');
INSERT INTO "change_log" VALUES(14,1,1800000000000,'l1j0hhkv',1347,'jobs','JOBS-1770696000763','create','import',NULL,'01a3185c5000000dg5btlkyk','{"completedQuantity":[null,12],"status":[null,"COMPLETED"],"projectId":[null,"PROJECTS-1770696000763"],"machineType":[null,"CONFORMADORA"],"productName":[null,"Casa 4 perfil 0"],"targetQuantity":[null,12],"unit":[null,"lote"],"priorityIndex":[null,1],"isStock":[null,true],"completedAt":[null,"2026-02-10T07:00:00.763Z"]}');
INSERT INTO "change_log" VALUES(15,1,1800000000000,'l1j0hhkv',1347,'jobs','JOBS-1770696420763','create','import',NULL,'01a3185c5000000eg5btlkyk','{"completedQuantity":[null,0],"status":[null,"HALTED"],"projectId":[null,"PROJECTS-1770696000763"],"machineType":[null,"PINTURA"],"assignedMachineId":[null,"M-06"],"operatorIds":[null,["U-002","U-003"]],"productName":[null,"Casa 4 perfil 1"],"targetQuantity":[null,40],"unit":[null,"m"],"priorityIndex":[null,2],"fileUrl":[null,"lista de corte ñ 1.csv"],"workflowStages":[null,[{"name":"CORTE","isCompleted":true,"completedAt":"2026-02-10T04:07:00.763Z"},{"name":"SOLDADURA","isCompleted":false},{"name":"PINTURA","isCompleted":false},{"name":"TERMINADO","isCompleted":false}]],"isStock":[null,false]}');
INSERT INTO "change_log" VALUES(16,1,1800000000000,'l1j0hhkv',1347,'jobs','JOBS-1770714000098','create','import',NULL,'01a3185c5000000fg5btlkyk','{"completedQuantity":[null,0],"status":[null,"PENDING"],"projectId":[null,"PROJECTS-1770714000098"],"machineType":[null,"HERRERIA"],"productName":[null,"Ampliación 5 perfil 0"],"targetQuantity":[null,40],"unit":[null,"units"],"priorityIndex":[null,1],"workflowStages":[null,[{"name":"CORTE","isCompleted":true,"completedAt":"2026-02-10T09:00:00.098Z"},{"name":"SOLDADURA","isCompleted":false},{"name":"PINTURA","isCompleted":false},{"name":"TERMINADO","isCompleted":false}]],"isStock":[null,true]}');
INSERT INTO "change_log" VALUES(17,1,1800000000000,'l1j0hhkv',1348,'projects','PROJECTS-1770624000828','create','import',NULL,'01a3185c50000010g5btlkyk','{"clientId":[null,""],"status":[null,"ARCHIVED"],"name":[null,"Casa"],"deadline":[null,"2026-02-24"],"description":[null,"Estructura en steel framing, 2 plantas"],"budget":[null,798214.16]}');
INSERT INTO "change_log" VALUES(18,1,1800000000000,'l1j0hhkv',1348,'projects','PROJECTS-1770642000550','create','import',NULL,'01a3185c50000011g5btlkyk','{"clientId":[null,"CLIENTS-1770624104729"],"status":[null,"COMPLETED"],"name":[null,"Galpón 1"],"deadline":[null,"2026-02-16"],"description":[null,""]}');
INSERT INTO "change_log" VALUES(19,1,1800000000000,'l1j0hhkv',1348,'projects','PROJECTS-1770660000962','create','import',NULL,'01a3185c50000012g5btlkyk','{"clientId":[null,"CLIENTS-1770624000000"],"status":[null,"IN_PROGRESS"],"name":[null,"Nuevo Proyecto 2"],"deadline":[null,"2026-02-15"],"description":[null,"Estructura en steel framing, 2 plantas"]}');
INSERT INTO "change_log" VALUES(20,1,1800000000000,'l1j0hhkv',1348,'projects','PROJECTS-1770678000165','create','import',NULL,'01a3185c50000013g5btlkyk','{"clientId":[null,"CLIENTS-1770624000000"],"status":[null,"ARCHIVED"],"name":[null,"Nuevo Proyecto 3"],"deadline":[null,"2026-03-07"],"description":[null,""],"budget":[null,471764.8]}');
INSERT INTO "change_log" VALUES(21,1,1800000000000,'l1j0hhkv',1348,'projects','PROJECTS-1770696000763','create','import',NULL,'01a3185c50000014g5btlkyk','{"clientId":[null,"CLIENTS-1770624104729"],"status":[null,"PLANNING"],"name":[null,"Casa 4"],"deadline":[null,"2026-03-06"],"description":[null,"Estructura en steel framing, 2 plantas"]}');
INSERT INTO "change_log" VALUES(22,1,1800000000000,'l1j0hhkv',1348,'projects','PROJECTS-1770714000098','create','import',NULL,'01a3185c50000015g5btlkyk','{"clientId":[null,"CLIENTS-1770624104729"],"status":[null,"IN_PROGRESS"],"name":[null,"Ampliación 5"],"deadline":[null,"2026-03-20"],"description":[null,""]}');
INSERT INTO "change_log" VALUES(23,1,1800000000000,'l1j0hhkv',1348,'clients','CLIENTS-1770624000000','create','import',NULL,'01a3185c50000016g5btlkyk','{"contactPerson":[null,""],"email":[null,""],"phone":[null,""],"name":[null,"Constructora Fernández 0"],"address":[null,""],"taxId":[null,""]}');
INSERT INTO "change_log" VALUES(24,1,1800000000000,'l1j0hhkv',1348,'clients','CLIENTS-1770624104729','create','import',NULL,'01a3185c50000017g5btlkyk','{"contactPerson":[null,"Carlos"],"email":[null,"obra1@example.com"],"phone":[null,"+598 95603992"],"name":[null,"Obras Ávalos 1"],"address":[null,"Ruta 8 km 17½, Montevideo"],"taxId":[null,"097137772280"]}');
INSERT INTO "change_log" VALUES(25,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770624000000','create','import',NULL,'01a3185c50000018g5btlkyk','{"quantity":[null,3],"minThreshold":[null,10],"location":[null,"Estante A2"],"name":[null,"Tornillos autoperforantes"],"sku":[null,"TOR-001"],"unit":[null,"units"],"isManufactured":[null,true]}');
INSERT INTO "change_log" VALUES(26,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770625299709','create','import',NULL,'01a3185c50000019g5btlkyk','{"quantity":[null,0],"minThreshold":[null,10],"location":[null,"Estante A2"],"name":[null,"Bobina galvanizada 0,95"],"sku":[null,"BOB-095"],"unit":[null,"kg"]}');
INSERT INTO "change_log" VALUES(27,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770626599418','create','import',NULL,'01a3185c5000001ag5btlkyk','{"quantity":[null,3],"minThreshold":[null,10],"location":[null,"Patio \"Norte\""],"name":[null,"Perfil Montante 70"],"sku":[null,"P-M70"],"unit":[null,"m"]}');
INSERT INTO "change_log" VALUES(28,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770627899127','create','import',NULL,'01a3185c5000001bg5btlkyk','{"quantity":[null,2200],"minThreshold":[null,10],"location":[null,"Estante A2"],"name":[null,"Perfil Solera 70"],"sku":[null,"P-S70"],"unit":[null,"m"]}');
INSERT INTO "change_log" VALUES(29,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770629198836','create','import',NULL,'01a3185c5000001cg5btlkyk','{"quantity":[null,8],"minThreshold":[null,10],"location":[null,"Depósito General"],"name":[null,"Pintura epoxi"],"sku":[null,"PIN-EPX"],"unit":[null,"L"],"isManufactured":[null,true]}');
INSERT INTO "change_log" VALUES(30,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770630498545','create','import',NULL,'01a3185c5000001dg5btlkyk','{"quantity":[null,8],"minThreshold":[null,10],"location":[null,"Estante A2"],"name":[null,"Placa OSB 11,1 mm"],"sku":[null,"OSB-111"],"unit":[null,"units"]}');
INSERT INTO "change_log" VALUES(31,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770631798254','create','import',NULL,'01a3185c5000001eg5btlkyk','{"quantity":[null,12.5],"minThreshold":[null,10],"location":[null,"Estante A2"],"name":[null,"Insumo 0"],"sku":[null,"INS-0000"],"unit":[null,"kg"]}');
INSERT INTO "change_log" VALUES(32,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770633097963','create','import',NULL,'01a3185c5000001fg5btlkyk','{"quantity":[null,8],"minThreshold":[null,10],"location":[null,"Estante A2"],"name":[null,"Insumo 1"],"sku":[null,"INS-0001"],"unit":[null,"L"]}');
INSERT INTO "change_log" VALUES(33,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770634397672','create','import',NULL,'01a3185c50000020g5btlkyk','{"quantity":[null,8],"minThreshold":[null,10],"location":[null,"Depósito General"],"name":[null,"Insumo 2"],"sku":[null,"INS-0002"],"unit":[null,"m"],"isManufactured":[null,true]}');
INSERT INTO "change_log" VALUES(34,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770635697381','create','import',NULL,'01a3185c50000021g5btlkyk','{"quantity":[null,0],"minThreshold":[null,10],"location":[null,"Depósito General"],"name":[null,"Insumo 3"],"sku":[null,"INS-0003"],"unit":[null,"L"]}');
INSERT INTO "change_log" VALUES(35,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770636997090','create','import',NULL,'01a3185c50000022g5btlkyk','{"quantity":[null,3],"minThreshold":[null,10],"location":[null,"Depósito General"],"name":[null,"Insumo 4"],"sku":[null,"INS-0004"],"unit":[null,"L"]}');
INSERT INTO "change_log" VALUES(36,1,1800000000000,'l1j0hhkv',1348,'inventory','INVENTORY-1770638296799','create','import',NULL,'01a3185c50000023g5btlkyk','{"quantity":[null,12.5],"minThreshold":[null,10],"location":[null,"Depósito General"],"name":[null,"Insumo 5"],"sku":[null,"INS-0005"],"unit":[null,"m"]}');
INSERT INTO "change_log" VALUES(37,1,1800000000000,'l1j0hhkv',1348,'alerts','ALERT-1770670800000-nmy0c3xtj','create','import',NULL,'01a3185c50000024g5btlkyk','{"dismissed":[null,false],"type":[null,"READY_FOR_DELIVERY"],"message":[null,"PROYECTO LISTO: Nuevo Proyecto 2 está pronto para despacho."],"severity":[null,"HIGH"],"timestamp":[null,"2026-02-09T21:00:00.000Z"],"relatedId":[null,"PROJECTS-1770660000962"],"receivedAt":[null,"2026-02-09T21:00:00.000Z"]}');
INSERT INTO "change_log" VALUES(38,1,1800000000000,'l1j0hhkv',1348,'alerts','ALERT-1770624000000-cxow9o2p8','create','import',NULL,'01a3185c50000025g5btlkyk','{"dismissed":[null,false],"type":[null,"READY_FOR_DELIVERY"],"message":[null,"PROYECTO LISTO: Galpón 1 está pronto para despacho."],"severity":[null,"HIGH"],"timestamp":[null,"2026-02-09T08:00:00.000Z"],"relatedId":[null,"PROJECTS-1770642000550"],"receivedAt":[null,"2026-02-09T08:00:00.000Z"]}');
INSERT INTO "change_log" VALUES(39,1,1800000000000,'l1j0hhkv',1348,'messages','MSG-1770624000000-iqub6wvxg','create','import',NULL,'01a3185c50000026g5btlkyk','{"isRead":[null,false],"from":[null,"ADMIN"],"to":[null,"ALL"],"content":[null,"INSTRUCCIÓN DE CARGA: El proyecto Galpón 1 está finalizado y debe despacharse HOY."],"timestamp":[null,"2026-02-09T08:00:00.000Z"]}');
INSERT INTO "change_log" VALUES(40,1,1800000000000,'l1j0hhkv',1348,'messages','MSG-1770670800000-6d0ct7gji','create','import',NULL,'01a3185c50000027g5btlkyk','{"isRead":[null,true],"from":[null,"LOGÍSTICA: CARGA DEL DÍA"],"to":[null,"U-003"],"content":[null,"INSTRUCCIÓN DE CARGA: El proyecto Nuevo Proyecto 2 está finalizado y debe despacharse HOY."],"timestamp":[null,"2026-02-09T21:00:00.000Z"]}');
INSERT INTO "change_log" VALUES(41,1,1800000000000,'l1j0hhkv',1348,'events','EV-1770666780724-8ljp24pft','create','import',NULL,'01a3185c50000028g5btlkyk','{"machineId":[null,"M-06"],"type":[null,"JOB_START"],"description":[null,"Control de calidad ''ok''"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T19:53:00.724Z"],"receivedAt":[null,"2026-02-09T19:53:00.724Z"]}');
INSERT INTO "change_log" VALUES(42,1,1800000000000,'l1j0hhkv',1348,'events','EV-1770664920992-xbx0yleb1','create','import',NULL,'01a3185c50000029g5btlkyk','{"machineId":[null,"M-01"],"type":[null,"QUALITY_CHECK"],"description":[null,"Control de calidad ''ok''"],"severity":[null,"WARNING"],"timestamp":[null,"2026-02-09T19:22:00.992Z"],"receivedAt":[null,"2026-02-09T19:22:00.992Z"]}');
INSERT INTO "change_log" VALUES(43,1,1800000000000,'l1j0hhkv',1348,'events','EV-1770663060062-nptrcz6a5','create','import',NULL,'01a3185c5000002ag5btlkyk','{"machineId":[null,"M-03"],"type":[null,"CALIBRATION"],"description":[null,"Paro por atasco"],"severity":[null,"CRITICAL"],"timestamp":[null,"2026-02-09T18:51:00.062Z"],"receivedAt":[null,"2026-02-09T18:51:00.062Z"]}');
INSERT INTO "change_log" VALUES(44,1,1800000000000,'l1j0hhkv',1348,'events','EV-1770661200765-y8rdwcr0z','create','import',NULL,'01a3185c5000002bg5btlkyk','{"machineId":[null,"M-01"],"type":[null,"CLEANING"],"description":[null,"Limpieza de rodillos"],"severity":[null,"WARNING"],"timestamp":[null,"2026-02-09T18:20:00.765Z"],"receivedAt":[null,"2026-02-09T18:20:00.765Z"]}');
INSERT INTO "change_log" VALUES(45,1,1800000000000,'l1j0hhkv',1348,'events','EV-1770659340150-m3yhm1by6','create','import',NULL,'01a3185c5000002cg5btlkyk','{"machineId":[null,"M-06"],"type":[null,"ERROR_LOG"],"description":[null,"Control de calidad ''ok''"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T17:49:00.150Z"],"receivedAt":[null,"2026-02-09T17:49:00.150Z"]}');
INSERT INTO "change_log" VALUES(46,1,1800000000000,'l1j0hhkv',1348,'events','EV-1770657480490-xr5hi9xsu','create','import',NULL,'01a3185c5000002dg5btlkyk','{"machineId":[null,"M-CARGA"],"type":[null,"QUALITY_CHECK"],"description":[null,"Paro por atasco"],"severity":[null,"WARNING"],"timestamp":[null,"2026-02-09T17:18:00.490Z"],"receivedAt":[null,"2026-02-09T17:18:00.490Z"]}');
INSERT INTO "change_log" VALUES(47,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770655620520-mmhckobba','create','import',NULL,'01a3185c5000002eg5btlkyk','{"machineId":[null,"M-01"],"type":[null,"CALIBRATION"],"description":[null,"Cambio de bobina"],"severity":[null,"WARNING"],"timestamp":[null,"2026-02-09T16:47:00.520Z"],"receivedAt":[null,"2026-02-09T16:47:00.520Z"]}');
INSERT INTO "change_log" VALUES(48,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770653760943-k259la6wp','create','import',NULL,'01a3185c5000002fg5btlkyk','{"machineId":[null,"M-CARGA"],"type":[null,"STAGE_COMPLETE"],"description":[null,"Limpieza de rodillos"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T16:16:00.943Z"],"receivedAt":[null,"2026-02-09T16:16:00.943Z"]}');
INSERT INTO "change_log" VALUES(49,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770651900481-ekww6t0iy','create','import',NULL,'01a3185c50000030g5btlkyk','{"machineId":[null,"M-02"],"type":[null,"COIL_CHANGE"],"description":[null,"Paro por atasco"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T15:45:00.481Z"],"receivedAt":[null,"2026-02-09T15:45:00.481Z"]}');
INSERT INTO "change_log" VALUES(50,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770650040193-dn85lsody','create','import',NULL,'01a3185c50000031g5btlkyk','{"machineId":[null,"M-03"],"type":[null,"COIL_CHANGE"],"description":[null,"Cambio de bobina"],"severity":[null,"CRITICAL"],"timestamp":[null,"2026-02-09T15:14:00.193Z"],"receivedAt":[null,"2026-02-09T15:14:00.193Z"]}');
INSERT INTO "change_log" VALUES(51,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770648180472-ttsoblp3k','create','import',NULL,'01a3185c50000032g5btlkyk','{"machineId":[null,"M-01"],"type":[null,"ERROR_LOG"],"description":[null,"Control de calidad ''ok''"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T14:43:00.472Z"],"receivedAt":[null,"2026-02-09T14:43:00.472Z"]}');
INSERT INTO "change_log" VALUES(52,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770646320030-ksfqkvmpr','create','import',NULL,'01a3185c50000033g5btlkyk','{"machineId":[null,"M-02"],"type":[null,"COIL_CHANGE"],"description":[null,"Control de calidad ''ok''"],"severity":[null,"WARNING"],"timestamp":[null,"2026-02-09T14:12:00.030Z"],"receivedAt":[null,"2026-02-09T14:12:00.030Z"]}');
INSERT INTO "change_log" VALUES(53,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770644460872-ke3h8j2bm','create','import',NULL,'01a3185c50000034g5btlkyk','{"machineId":[null,"M-06"],"type":[null,"JOB_START"],"description":[null,"Control de calidad ''ok''"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T13:41:00.872Z"],"receivedAt":[null,"2026-02-09T13:41:00.872Z"]}');
INSERT INTO "change_log" VALUES(54,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770642600005-gxc0sg16x','create','import',NULL,'01a3185c50000035g5btlkyk','{"machineId":[null,"M-06"],"type":[null,"JOB_START"],"description":[null,"Control de calidad ''ok''"],"severity":[null,"CRITICAL"],"timestamp":[null,"2026-02-09T13:10:00.005Z"],"receivedAt":[null,"2026-02-09T13:10:00.005Z"]}');
INSERT INTO "change_log" VALUES(55,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770640740113-3745n61tx','create','import',NULL,'01a3185c50000036g5btlkyk','{"machineId":[null,"M-02"],"type":[null,"CLEANING"],"description":[null,"Cambio de bobina"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T12:39:00.113Z"],"receivedAt":[null,"2026-02-09T12:39:00.113Z"]}');
INSERT INTO "change_log" VALUES(56,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770638880474-s9ou86mes','create','import',NULL,'01a3185c50000037g5btlkyk','{"machineId":[null,"M-02"],"type":[null,"QUALITY_CHECK"],"description":[null,"Paro por atasco"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T12:08:00.474Z"],"receivedAt":[null,"2026-02-09T12:08:00.474Z"]}');
INSERT INTO "change_log" VALUES(57,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770637020086-41muzyu14','create','import',NULL,'01a3185c50000038g5btlkyk','{"machineId":[null,"M-03"],"type":[null,"COIL_CHANGE"],"description":[null,"Control de calidad ''ok''"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T11:37:00.086Z"],"receivedAt":[null,"2026-02-09T11:37:00.086Z"]}');
INSERT INTO "change_log" VALUES(58,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770635160380-vf253qq45','create','import',NULL,'01a3185c50000039g5btlkyk','{"machineId":[null,"M-02"],"type":[null,"JOB_START"],"description":[null,"Scrap: 3,5 m"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T11:06:00.380Z"],"receivedAt":[null,"2026-02-09T11:06:00.380Z"]}');
INSERT INTO "change_log" VALUES(59,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770633300737-866vt3v31','create','import',NULL,'01a3185c5000003ag5btlkyk','{"machineId":[null,"M-03"],"type":[null,"QUALITY_CHECK"],"description":[null,"Limpieza de rodillos"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T10:35:00.737Z"],"receivedAt":[null,"2026-02-09T10:35:00.737Z"]}');
INSERT INTO "change_log" VALUES(60,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770631440548-41ryjxxy4','create','import',NULL,'01a3185c5000003bg5btlkyk','{"machineId":[null,"M-CARGA"],"type":[null,"CALIBRATION"],"description":[null,"Cambio de bobina"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T10:04:00.548Z"],"receivedAt":[null,"2026-02-09T10:04:00.548Z"]}');
INSERT INTO "change_log" VALUES(61,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770629580879-0cbutzyo5','create','import',NULL,'01a3185c5000003cg5btlkyk','{"machineId":[null,"M-02"],"type":[null,"SCRAP_REPORT"],"description":[null,"Scrap: 3,5 m"],"severity":[null,"WARNING"],"timestamp":[null,"2026-02-09T09:33:00.879Z"],"receivedAt":[null,"2026-02-09T09:33:00.879Z"]}');
INSERT INTO "change_log" VALUES(62,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770627720602-ahvm63hx8','create','import',NULL,'01a3185c5000003dg5btlkyk','{"machineId":[null,"M-02"],"type":[null,"COIL_CHANGE"],"description":[null,"Paro por atasco"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T09:02:00.602Z"],"receivedAt":[null,"2026-02-09T09:02:00.602Z"]}');
INSERT INTO "change_log" VALUES(63,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770625860144-uzh85zi74','create','import',NULL,'01a3185c5000003eg5btlkyk','{"machineId":[null,"M-06"],"type":[null,"SCRAP_REPORT"],"description":[null,"Paro por atasco"],"severity":[null,"CRITICAL"],"timestamp":[null,"2026-02-09T08:31:00.144Z"],"receivedAt":[null,"2026-02-09T08:31:00.144Z"]}');
INSERT INTO "change_log" VALUES(64,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770624000269-a79033sdo','create','import',NULL,'01a3185c5000003fg5btlkyk','{"machineId":[null,"M-03"],"type":[null,"JOB_START"],"description":[null,"Control de calidad ''ok''"],"severity":[null,"WARNING"],"timestamp":[null,"2026-02-09T08:00:00.269Z"],"receivedAt":[null,"2026-02-09T08:00:00.269Z"]}');
INSERT INTO "change_log" VALUES(65,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770706800763-k5ji6x31o','create','import',NULL,'01a3185c50000040g5btlkyk','{"machineId":[null,"TALLER"],"type":[null,"JOB_COMPLETE"],"description":[null,"Finalizado: Casa 4 perfil 0 por Camila Rodríguez"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-10T07:00:00.763Z"],"receivedAt":[null,"2026-02-10T07:00:00.763Z"]}');
INSERT INTO "change_log" VALUES(66,1,1800000000000,'l1j0hhkv',1349,'events','EV-1770635220828-ccl058y1w','create','import',NULL,'01a3185c50000041g5btlkyk','{"machineId":[null,"M-02"],"type":[null,"JOB_COMPLETE"],"description":[null,"Finalizado: Casa perfil 1 por Admin Principal"],"severity":[null,"INFO"],"timestamp":[null,"2026-02-09T11:07:00.828Z"],"receivedAt":[null,"2026-02-09T11:07:00.828Z"]}');
INSERT INTO "change_log" VALUES(67,1,1800000000000,'l1j0hhkv',1349,'project_accessories','PROJECTACCESSORIES-1770624000831','create','import',NULL,'01a3185c50000042g5btlkyk','{"quantityAllocated":[null,0],"isFulfilled":[null,false],"projectId":[null,"PROJECTS-1770624000828"],"inventoryItemId":[null,"INVENTORY-1770635697381"],"quantityRequired":[null,32]}');
INSERT INTO "change_log" VALUES(68,1,1800000000000,'l1j0hhkv',1349,'project_accessories','PROJECTACCESSORIES-1770678000168','create','import',NULL,'01a3185c50000043g5btlkyk','{"quantityAllocated":[null,0],"isFulfilled":[null,false],"projectId":[null,"PROJECTS-1770678000165"],"inventoryItemId":[null,"INVENTORY-1770627899127"],"quantityRequired":[null,37]}');
CREATE TABLE clients (
	id TEXT NOT NULL, 
	name TEXT, 
	contact_person TEXT, 
	email TEXT, 
	phone TEXT, 
	address TEXT, 
	tax_id TEXT, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_clients PRIMARY KEY (id)
);
INSERT INTO "clients" VALUES('CLIENTS-1770624000000','Constructora Fernández 0','','','','','','01a3185c50000016g5btlkyk',1,'{}','{}','{}','{"*":""}',23);
INSERT INTO "clients" VALUES('CLIENTS-1770624104729','Obras Ávalos 1','Carlos','obra1@example.com','+598 95603992','Ruta 8 km 17½, Montevideo','097137772280','01a3185c50000017g5btlkyk',1,'{}','{}','{}','{"*":""}',24);
CREATE TABLE conflicts (
	id TEXT NOT NULL, 
	collection TEXT, 
	row_id TEXT, 
	field TEXT, 
	winner TEXT, 
	winner_stamp TEXT, 
	loser TEXT, 
	loser_stamp TEXT, 
	at TEXT, 
	seen INTEGER, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_conflicts PRIMARY KEY (id)
);
CREATE TABLE events (
	id TEXT NOT NULL, 
	machine_id TEXT, 
	type TEXT, 
	description TEXT, 
	severity TEXT, 
	timestamp TEXT, 
	received_at TEXT, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id)
);
INSERT INTO "events" VALUES('EV-1770666780724-8ljp24pft','M-06','JOB_START','Control de calidad ''ok''','INFO','2026-02-09T19:53:00.724Z','2026-02-09T19:53:00.724Z','01a3185c50000028g5btlkyk',1,'{}','{}','{}','{"*":""}',41);
INSERT INTO "events" VALUES('EV-1770664920992-xbx0yleb1','M-01','QUALITY_CHECK','Control de calidad ''ok''','WARNING','2026-02-09T19:22:00.992Z','2026-02-09T19:22:00.992Z','01a3185c50000029g5btlkyk',1,'{}','{}','{}','{"*":""}',42);
INSERT INTO "events" VALUES('EV-1770663060062-nptrcz6a5','M-03','CALIBRATION','Paro por atasco','CRITICAL','2026-02-09T18:51:00.062Z','2026-02-09T18:51:00.062Z','01a3185c5000002ag5btlkyk',1,'{}','{}','{}','{"*":""}',43);
INSERT INTO "events" VALUES('EV-1770661200765-y8rdwcr0z','M-01','CLEANING','Limpieza de rodillos','WARNING','2026-02-09T18:20:00.765Z','2026-02-09T18:20:00.765Z','01a3185c5000002bg5btlkyk',1,'{}','{}','{}','{"*":""}',44);
INSERT INTO "events" VALUES('EV-1770659340150-m3yhm1by6','M-06','ERROR_LOG','Control de calidad ''ok''','INFO','2026-02-09T17:49:00.150Z','2026-02-09T17:49:00.150Z','01a3185c5000002cg5btlkyk',1,'{}','{}','{}','{"*":""}',45);
INSERT INTO "events" VALUES('EV-1770657480490-xr5hi9xsu','M-CARGA','QUALITY_CHECK','Paro por atasco','WARNING','2026-02-09T17:18:00.490Z','2026-02-09T17:18:00.490Z','01a3185c5000002dg5btlkyk',1,'{}','{}','{}','{"*":""}',46);
INSERT INTO "events" VALUES('EV-1770655620520-mmhckobba','M-01','CALIBRATION','Cambio de bobina','WARNING','2026-02-09T16:47:00.520Z','2026-02-09T16:47:00.520Z','01a3185c5000002eg5btlkyk',1,'{}','{}','{}','{"*":""}',47);
INSERT INTO "events" VALUES('EV-1770653760943-k259la6wp','M-CARGA','STAGE_COMPLETE','Limpieza de rodillos','INFO','2026-02-09T16:16:00.943Z','2026-02-09T16:16:00.943Z','01a3185c5000002fg5btlkyk',1,'{}','{}','{}','{"*":""}',48);
INSERT INTO "events" VALUES('EV-1770651900481-ekww6t0iy','M-02','COIL_CHANGE','Paro por atasco','INFO','2026-02-09T15:45:00.481Z','2026-02-09T15:45:00.481Z','01a3185c50000030g5btlkyk',1,'{}','{}','{}','{"*":""}',49);
INSERT INTO "events" VALUES('EV-1770650040193-dn85lsody','M-03','COIL_CHANGE','Cambio de bobina','CRITICAL','2026-02-09T15:14:00.193Z','2026-02-09T15:14:00.193Z','01a3185c50000031g5btlkyk',1,'{}','{}','{}','{"*":""}',50);
INSERT INTO "events" VALUES('EV-1770648180472-ttsoblp3k','M-01','ERROR_LOG','Control de calidad ''ok''','INFO','2026-02-09T14:43:00.472Z','2026-02-09T14:43:00.472Z','01a3185c50000032g5btlkyk',1,'{}','{}','{}','{"*":""}',51);
INSERT INTO "events" VALUES('EV-1770646320030-ksfqkvmpr','M-02','COIL_CHANGE','Control de calidad ''ok''','WARNING','2026-02-09T14:12:00.030Z','2026-02-09T14:12:00.030Z','01a3185c50000033g5btlkyk',1,'{}','{}','{}','{"*":""}',52);
INSERT INTO "events" VALUES('EV-1770644460872-ke3h8j2bm','M-06','JOB_START','Control de calidad ''ok''','INFO','2026-02-09T13:41:00.872Z','2026-02-09T13:41:00.872Z','01a3185c50000034g5btlkyk',1,'{}','{}','{}','{"*":""}',53);
INSERT INTO "events" VALUES('EV-1770642600005-gxc0sg16x','M-06','JOB_START','Control de calidad ''ok''','CRITICAL','2026-02-09T13:10:00.005Z','2026-02-09T13:10:00.005Z','01a3185c50000035g5btlkyk',1,'{}','{}','{}','{"*":""}',54);
INSERT INTO "events" VALUES('EV-1770640740113-3745n61tx','M-02','CLEANING','Cambio de bobina','INFO','2026-02-09T12:39:00.113Z','2026-02-09T12:39:00.113Z','01a3185c50000036g5btlkyk',1,'{}','{}','{}','{"*":""}',55);
INSERT INTO "events" VALUES('EV-1770638880474-s9ou86mes','M-02','QUALITY_CHECK','Paro por atasco','INFO','2026-02-09T12:08:00.474Z','2026-02-09T12:08:00.474Z','01a3185c50000037g5btlkyk',1,'{}','{}','{}','{"*":""}',56);
INSERT INTO "events" VALUES('EV-1770637020086-41muzyu14','M-03','COIL_CHANGE','Control de calidad ''ok''','INFO','2026-02-09T11:37:00.086Z','2026-02-09T11:37:00.086Z','01a3185c50000038g5btlkyk',1,'{}','{}','{}','{"*":""}',57);
INSERT INTO "events" VALUES('EV-1770635160380-vf253qq45','M-02','JOB_START','Scrap: 3,5 m','INFO','2026-02-09T11:06:00.380Z','2026-02-09T11:06:00.380Z','01a3185c50000039g5btlkyk',1,'{}','{}','{}','{"*":""}',58);
INSERT INTO "events" VALUES('EV-1770633300737-866vt3v31','M-03','QUALITY_CHECK','Limpieza de rodillos','INFO','2026-02-09T10:35:00.737Z','2026-02-09T10:35:00.737Z','01a3185c5000003ag5btlkyk',1,'{}','{}','{}','{"*":""}',59);
INSERT INTO "events" VALUES('EV-1770631440548-41ryjxxy4','M-CARGA','CALIBRATION','Cambio de bobina','INFO','2026-02-09T10:04:00.548Z','2026-02-09T10:04:00.548Z','01a3185c5000003bg5btlkyk',1,'{}','{}','{}','{"*":""}',60);
INSERT INTO "events" VALUES('EV-1770629580879-0cbutzyo5','M-02','SCRAP_REPORT','Scrap: 3,5 m','WARNING','2026-02-09T09:33:00.879Z','2026-02-09T09:33:00.879Z','01a3185c5000003cg5btlkyk',1,'{}','{}','{}','{"*":""}',61);
INSERT INTO "events" VALUES('EV-1770627720602-ahvm63hx8','M-02','COIL_CHANGE','Paro por atasco','INFO','2026-02-09T09:02:00.602Z','2026-02-09T09:02:00.602Z','01a3185c5000003dg5btlkyk',1,'{}','{}','{}','{"*":""}',62);
INSERT INTO "events" VALUES('EV-1770625860144-uzh85zi74','M-06','SCRAP_REPORT','Paro por atasco','CRITICAL','2026-02-09T08:31:00.144Z','2026-02-09T08:31:00.144Z','01a3185c5000003eg5btlkyk',1,'{}','{}','{}','{"*":""}',63);
INSERT INTO "events" VALUES('EV-1770624000269-a79033sdo','M-03','JOB_START','Control de calidad ''ok''','WARNING','2026-02-09T08:00:00.269Z','2026-02-09T08:00:00.269Z','01a3185c5000003fg5btlkyk',1,'{}','{}','{}','{"*":""}',64);
INSERT INTO "events" VALUES('EV-1770706800763-k5ji6x31o','TALLER','JOB_COMPLETE','Finalizado: Casa 4 perfil 0 por Camila Rodríguez','INFO','2026-02-10T07:00:00.763Z','2026-02-10T07:00:00.763Z','01a3185c50000040g5btlkyk',1,'{}','{}','{}','{"*":""}',65);
INSERT INTO "events" VALUES('EV-1770635220828-ccl058y1w','M-02','JOB_COMPLETE','Finalizado: Casa perfil 1 por Admin Principal','INFO','2026-02-09T11:07:00.828Z','2026-02-09T11:07:00.828Z','01a3185c50000041g5btlkyk',1,'{}','{}','{}','{"*":""}',66);
CREATE TABLE inventory (
	id TEXT NOT NULL, 
	name TEXT, 
	sku TEXT, 
	quantity NUMERIC, 
	unit TEXT, 
	min_threshold NUMERIC, 
	location TEXT, 
	is_manufactured INTEGER, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_inventory PRIMARY KEY (id)
);
INSERT INTO "inventory" VALUES('INVENTORY-1770624000000','Tornillos autoperforantes','TOR-001',3,'units',10,'Estante A2',1,'01a3185c50000018g5btlkyk',1,'{}','{"quantity+":"01a3185c50000018g5btlkyk 3"}','{}','{"*":""}',25);
INSERT INTO "inventory" VALUES('INVENTORY-1770625299709','Bobina galvanizada 0,95','BOB-095',0,'kg',10,'Estante A2',NULL,'01a3185c50000019g5btlkyk',1,'{}','{"quantity+":"01a3185c50000019g5btlkyk 0"}','{}','{"*":""}',26);
INSERT INTO "inventory" VALUES('INVENTORY-1770626599418','Perfil Montante 70','P-M70',3,'m',10,'Patio "Norte"',NULL,'01a3185c5000001ag5btlkyk',1,'{}','{"quantity+":"01a3185c5000001ag5btlkyk 3"}','{}','{"*":""}',27);
INSERT INTO "inventory" VALUES('INVENTORY-1770627899127','Perfil Solera 70','P-S70',2200,'m',10,'Estante A2',NULL,'01a3185c5000001bg5btlkyk',1,'{}','{"quantity+":"01a3185c5000001bg5btlkyk 2200"}','{}','{"*":""}',28);
INSERT INTO "inventory" VALUES('INVENTORY-1770629198836','Pintura epoxi','PIN-EPX',8,'L',10,'Depósito General',1,'01a3185c5000001cg5btlkyk',1,'{}','{"quantity+":"01a3185c5000001cg5btlkyk 8"}','{}','{"*":""}',29);
INSERT INTO "inventory" VALUES('INVENTORY-1770630498545','Placa OSB 11,1 mm','OSB-111',8,'units',10,'Estante A2',NULL,'01a3185c5000001dg5btlkyk',1,'{}','{"quantity+":"01a3185c5000001dg5btlkyk 8"}','{}','{"*":""}',30);
INSERT INTO "inventory" VALUES('INVENTORY-1770631798254','Insumo 0','INS-0000',12.5,'kg',10,'Estante A2',NULL,'01a3185c5000001eg5btlkyk',1,'{}','{"quantity+":"01a3185c5000001eg5btlkyk 12.5"}','{}','{"*":""}',31);
INSERT INTO "inventory" VALUES('INVENTORY-1770633097963','Insumo 1','INS-0001',8,'L',10,'Estante A2',NULL,'01a3185c5000001fg5btlkyk',1,'{}','{"quantity+":"01a3185c5000001fg5btlkyk 8"}','{}','{"*":""}',32);
INSERT INTO "inventory" VALUES('INVENTORY-1770634397672','Insumo 2','INS-0002',8,'m',10,'Depósito General',1,'01a3185c50000020g5btlkyk',1,'{}','{"quantity+":"01a3185c50000020g5btlkyk 8"}','{}','{"*":""}',33);
INSERT INTO "inventory" VALUES('INVENTORY-1770635697381','Insumo 3','INS-0003',0,'L',10,'Depósito General',NULL,'01a3185c50000021g5btlkyk',1,'{}','{"quantity+":"01a3185c50000021g5btlkyk 0"}','{}','{"*":""}',34);
INSERT INTO "inventory" VALUES('INVENTORY-1770636997090','Insumo 4','INS-0004',3,'L',10,'Depósito General',NULL,'01a3185c50000022g5btlkyk',1,'{}','{"quantity+":"01a3185c50000022g5btlkyk 3"}','{}','{"*":""}',35);
INSERT INTO "inventory" VALUES('INVENTORY-1770638296799','Insumo 5','INS-0005',12.5,'m',10,'Depósito General',NULL,'01a3185c50000023g5btlkyk',1,'{}','{"quantity+":"01a3185c50000023g5btlkyk 12.5"}','{}','{"*":""}',36);
CREATE TABLE jobs (
	id TEXT NOT NULL, 
	project_id TEXT, 
	machine_type TEXT, 
	assigned_machine_id TEXT, 
	operator_ids TEXT, 
	product_name TEXT, 
	target_quantity NUMERIC, 
	completed_quantity NUMERIC, 
	scrap_quantity NUMERIC, 
	unit TEXT, 
	status TEXT, 
	start_date TEXT, 
	end_date TEXT, 
	priority_index INTEGER, 
	file_url TEXT, 
	notes TEXT, 
	operator_notes TEXT, 
	requires_panelizado INTEGER, 
	linked_job_id TEXT, 
	workflow_stages TEXT, 
	current_coil_id TEXT, 
	is_stock INTEGER, 
	tonnage NUMERIC, 
	completed_at TEXT, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (id)
);
INSERT INTO "jobs" VALUES('JOBS-1770624000828','PROJECTS-1770624000828','CONFORMADORA',NULL,NULL,'Casa perfil 0',118,0,NULL,'units','PENDING',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,'01a3185c50000008g5btlkyk',1,'{}','{}','{}','{"*":""}',9);
INSERT INTO "jobs" VALUES('JOBS-1770624420828','PROJECTS-1770624000828','CONFORMADORA','M-02','[]','Casa perfil 1',1,1,NULL,'units','COMPLETED',NULL,NULL,2,'lista de corte ñ 1.csv',NULL,'ok — faltó 1 perfil
se repuso',NULL,NULL,NULL,NULL,0,NULL,'2026-02-09T11:07:00.828Z','01a3185c50000009g5btlkyk',1,'{}','{}','{}','{"*":""}',10);
INSERT INTO "jobs" VALUES('JOBS-1770642000550','PROJECTS-1770642000550','CONFORMADORA',NULL,NULL,'Galpón 1 perfil 0',300,0,NULL,'m','PENDING',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,'01a3185c5000000ag5btlkyk',1,'{}','{}','{}','{"*":""}',11);
INSERT INTO "jobs" VALUES('JOBS-1770660000962','PROJECTS-1770660000962','HERRERIA',NULL,NULL,'Nuevo Proyecto 2 perfil 0',1,0,NULL,'unidades (6m)','HALTED',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,'[{"name":"CORTE","isCompleted":true,"completedAt":"2026-02-09T18:00:00.962Z"},{"name":"SOLDADURA","isCompleted":false},{"name":"PINTURA","isCompleted":false},{"name":"TERMINADO","isCompleted":false}]',NULL,1,NULL,NULL,'01a3185c5000000bg5btlkyk',1,'{}','{}','{}','{"*":""}',12);
INSERT INTO "jobs" VALUES('JOBS-1770678000165','PROJECTS-1770678000165','SOLDADURA',NULL,NULL,'Nuevo Proyecto 3 perfil 0',300,231,NULL,'m','IN_PROGRESS',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,'[{"name":"CORTE","isCompleted":true,"completedAt":"2026-02-09T23:00:00.165Z"},{"name":"SOLDADURA","isCompleted":true,"completedAt":"2026-02-10T00:00:00.165Z"},{"name":"PINTURA","isCompleted":true,"completedAt":"2026-02-10T01:00:00.165Z"},{"name":"TERMINADO","isCompleted":false}]',NULL,1,NULL,NULL,'01a3185c5000000cg5btlkyk',1,'{}','{}','{}','{"*":""}',13);
INSERT INTO "jobs" VALUES('JOBS-1770696000763','PROJECTS-1770696000763','CONFORMADORA',NULL,NULL,'Casa 4 perfil 0',12,12,NULL,'lote','COMPLETED',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,'2026-02-10T07:00:00.763Z','01a3185c5000000dg5btlkyk',1,'{}','{}','{}','{"*":""}',14);
INSERT INTO "jobs" VALUES('JOBS-1770696420763','PROJECTS-1770696000763','PINTURA','M-06','["U-002","U-003"]','Casa 4 perfil 1',40,0,NULL,'m','HALTED',NULL,NULL,2,'lista de corte ñ 1.csv',NULL,NULL,NULL,NULL,'[{"name":"CORTE","isCompleted":true,"completedAt":"2026-02-10T04:07:00.763Z"},{"name":"SOLDADURA","isCompleted":false},{"name":"PINTURA","isCompleted":false},{"name":"TERMINADO","isCompleted":false}]',NULL,0,NULL,NULL,'01a3185c5000000eg5btlkyk',1,'{}','{"operatorIds@l1j0hhkv@U-002":"00000001 01a3185c5000000e+","operatorIds@l1j0hhkv@U-003":"00000002 01a3185c5000000e+"}','{}','{"*":""}',15);
INSERT INTO "jobs" VALUES('JOBS-1770714000098','PROJECTS-1770714000098','HERRERIA',NULL,NULL,'Ampliación 5 perfil 0',40,0,NULL,'units','PENDING',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,'[{"name":"CORTE","isCompleted":true,"completedAt":"2026-02-10T09:00:00.098Z"},{"name":"SOLDADURA","isCompleted":false},{"name":"PINTURA","isCompleted":false},{"name":"TERMINADO","isCompleted":false}]',NULL,1,NULL,NULL,'01a3185c5000000fg5btlkyk',1,'{}','{}','{}','{"*":""}',16);
CREATE TABLE machines (
	id TEXT NOT NULL, 
	name TEXT, 
	type TEXT, 
	category TEXT, 
	brand TEXT, 
	status TEXT, 
	current_job_id TEXT, 
	operator_ids TEXT, 
	efficiency NUMERIC, 
	oee_availability NUMERIC, 
	oee_performance NUMERIC, 
	oee_quality NUMERIC, 
	temperature NUMERIC, 
	last_maintenance TEXT, 
	maintenance_reason TEXT, 
	is_active INTEGER, 
	color TEXT, 
	total_meters_produced NUMERIC, 
	next_maintenance_meters NUMERIC, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_machines PRIMARY KEY (id)
);
INSERT INTO "machines" VALUES('M-01','Conf. China 1','CONFORMADORA','STANDARD','China','IDLE',NULL,'["U-002"]',92,95,97,99,NULL,'2023-10-01',NULL,1,'#10b981',12000,15000,'01a3185c50000001g5btlkyk',1,'{}','{"operatorIds@l1j0hhkv@U-002":"00000001 01a3185c50000001+","totalMetersProduced+":"01a3185c50000001g5btlkyk 12000"}','{}','{"*":""}',3);
INSERT INTO "machines" VALUES('M-02','Conf. Cunmac','CONFORMADORA','STANDARD','Cunmac','IDLE',NULL,'[]',0,0,0,0,NULL,'2023-09-15',NULL,1,'#f59e0b',8000,10000,'01a3185c50000003g5btlkyk',1,'{}','{"totalMetersProduced+":"01a3185c50000003g5btlkyk 8000"}','{}','{"*":""}',4);
INSERT INTO "machines" VALUES('M-03','Conf. Framemac','CONFORMADORA','STRUCTURAL','Framemac','IDLE',NULL,'["U-004"]',88,90,95,98,NULL,'2023-10-10',NULL,1,'#06b6d4',15000.5,20000,'01a3185c50000004g5btlkyk',1,'{}','{"operatorIds@l1j0hhkv@U-004":"00000001 01a3185c50000004+","totalMetersProduced+":"01a3185c50000004g5btlkyk 15000.5"}','{}','{"*":""}',5);
INSERT INTO "machines" VALUES('M-06','Taller Herrería','HERRERIA',NULL,'Interno','IDLE',NULL,'["U-004"]',100,100,100,100,NULL,NULL,NULL,1,'#f97316',0,0,'01a3185c50000005g5btlkyk',1,'{}','{"operatorIds@l1j0hhkv@U-004":"00000001 01a3185c50000005+","totalMetersProduced+":"01a3185c50000005g5btlkyk 0"}','{}','{"*":""}',6);
INSERT INTO "machines" VALUES('M-07','Estación Panelizado','PANELIZADO',NULL,'Pinnacle','IDLE',NULL,'["U-003"]',100,100,100,100,NULL,NULL,NULL,1,'#8b5cf6',0,0,'01a3185c50000006g5btlkyk',1,'{}','{"operatorIds@l1j0hhkv@U-003":"00000001 01a3185c50000006+","totalMetersProduced+":"01a3185c50000006g5btlkyk 0"}','{}','{"*":""}',7);
INSERT INTO "machines" VALUES('M-CARGA','Unidad de Despacho','CARGA',NULL,'Logística','IDLE',NULL,'["USERS-1770624007919"]',100,100,100,100,NULL,NULL,NULL,1,'#3b82f6',0,0,'01a3185c50000007g5btlkyk',1,'{}','{"operatorIds@l1j0hhkv@USERS-1770624007919":"00000001 01a3185c50000007+","totalMetersProduced+":"01a3185c50000007g5btlkyk 0"}','{}','{"*":""}',8);
CREATE TABLE messages (
	id TEXT NOT NULL, 
	"from" TEXT, 
	"to" TEXT, 
	content TEXT, 
	timestamp TEXT, 
	is_read INTEGER, 
	sender_id TEXT, 
	read_by TEXT, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_messages PRIMARY KEY (id)
);
INSERT INTO "messages" VALUES('MSG-1770624000000-iqub6wvxg','ADMIN','ALL','INSTRUCCIÓN DE CARGA: El proyecto Galpón 1 está finalizado y debe despacharse HOY.','2026-02-09T08:00:00.000Z',0,NULL,NULL,'01a3185c50000026g5btlkyk',1,'{}','{}','{}','{"*":""}',39);
INSERT INTO "messages" VALUES('MSG-1770670800000-6d0ct7gji','LOGÍSTICA: CARGA DEL DÍA','U-003','INSTRUCCIÓN DE CARGA: El proyecto Nuevo Proyecto 2 está finalizado y debe despacharse HOY.','2026-02-09T21:00:00.000Z',1,NULL,NULL,'01a3185c50000027g5btlkyk',1,'{}','{}','{}','{"*":""}',40);
CREATE TABLE node_state (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_node_state PRIMARY KEY ("key")
);
INSERT INTO "node_state" VALUES('node','hcbq2jdt');
INSERT INTO "node_state" VALUES('declared','2e981ec8667b41c1d9318ef8f7ec6bc016d413bf6462d51b80c50cf1ad645468');
INSERT INTO "node_state" VALUES('program','0.1.0');
INSERT INTO "node_state" VALUES('clock','01a3185c50000043 0000000000000000');
CREATE TABLE project_accessories (
	id TEXT NOT NULL, 
	project_id TEXT, 
	inventory_item_id TEXT, 
	quantity_required NUMERIC, 
	quantity_allocated NUMERIC, 
	is_fulfilled INTEGER, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_project_accessories PRIMARY KEY (id)
);
INSERT INTO "project_accessories" VALUES('PROJECTACCESSORIES-1770624000831','PROJECTS-1770624000828','INVENTORY-1770635697381',32,0,0,'01a3185c50000042g5btlkyk',1,'{}','{}','{}','{"*":""}',67);
INSERT INTO "project_accessories" VALUES('PROJECTACCESSORIES-1770678000168','PROJECTS-1770678000165','INVENTORY-1770627899127',37,0,0,'01a3185c50000043g5btlkyk',1,'{}','{}','{}','{"*":""}',68);
CREATE TABLE projects (
	id TEXT NOT NULL, 
	name TEXT, 
	client_id TEXT, 
	deadline TEXT, 
	status TEXT, 
	description TEXT, 
	budget NUMERIC, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_projects PRIMARY KEY (id)
);
INSERT INTO "projects" VALUES('PROJECTS-1770624000828','Casa','','2026-02-24','ARCHIVED','Estructura en steel framing, 2 plantas',798214.16,'01a3185c50000010g5btlkyk',1,'{}','{}','{}','{"*":""}',17);
INSERT INTO "projects" VALUES('PROJECTS-1770642000550','Galpón 1','CLIENTS-1770624104729','2026-02-16','COMPLETED','',NULL,'01a3185c50000011g5btlkyk',1,'{}','{}','{}','{"*":""}',18);
INSERT INTO "projects" VALUES('PROJECTS-1770660000962','Nuevo Proyecto 2','CLIENTS-1770624000000','2026-02-15','IN_PROGRESS','Estructura en steel framing, 2 plantas',NULL,'01a3185c50000012g5btlkyk',1,'{}','{}','{}','{"*":""}',19);
INSERT INTO "projects" VALUES('PROJECTS-1770678000165','Nuevo Proyecto 3','CLIENTS-1770624000000','2026-03-07','ARCHIVED','',471764.8,'01a3185c50000013g5btlkyk',1,'{}','{}','{}','{"*":""}',20);
INSERT INTO "projects" VALUES('PROJECTS-1770696000763','Casa 4','CLIENTS-1770624104729','2026-03-06','PLANNING','Estructura en steel framing, 2 plantas',NULL,'01a3185c50000014g5btlkyk',1,'{}','{}','{}','{"*":""}',21);
INSERT INTO "projects" VALUES('PROJECTS-1770714000098','Ampliación 5','CLIENTS-1770624104729','2026-03-20','IN_PROGRESS','',NULL,'01a3185c50000015g5btlkyk',1,'{}','{}','{}','{"*":""}',22);
CREATE TABLE pushes (
	mark INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_pushes PRIMARY KEY (mark)
);
CREATE TABLE samples (
	at INTEGER NOT NULL, 
	waiting INTEGER NOT NULL, 
	requests INTEGER NOT NULL, 
	"database" INTEGER NOT NULL, 
	free INTEGER NOT NULL, 
	CONSTRAINT pk_samples PRIMARY KEY (at)
);
CREATE TABLE sessions (
	jti TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	role TEXT NOT NULL, 
	credential TEXT NOT NULL, 
	expires_at INTEGER NOT NULL, 
	terminal TEXT, 
	CONSTRAINT pk_sessions PRIMARY KEY (jti)
);
CREATE TABLE set_aside (
	id INTEGER NOT NULL, 
	direction TEXT NOT NULL, 
	collection TEXT NOT NULL, 
	row_id TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	version TEXT NOT NULL, 
	"row" TEXT NOT NULL, 
	CONSTRAINT pk_set_aside PRIMARY KEY (id), 
	CONSTRAINT ck_set_aside_direction CHECK (direction IN ('push', 'pull')), 
	CONSTRAINT uq_set_aside_row UNIQUE (direction, collection, row_id)
);
CREATE TABLE terminals (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	code TEXT, 
	made_at INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	"key" TEXT, 
	paired_at INTEGER, 
	seen_at INTEGER, 
	address TEXT, 
	CONSTRAINT pk_terminals PRIMARY KEY (id)
);
CREATE TABLE users (
	id TEXT NOT NULL, 
	name TEXT, 
	role TEXT, 
	avatar TEXT, 
	pin_hash TEXT, 
	pin_lookup TEXT, 
	_born TEXT NOT NULL, 
	_life INTEGER NOT NULL, 
	_stamps TEXT NOT NULL, 
	_parts TEXT NOT NULL, 
	_extra TEXT NOT NULL, 
	_base TEXT NOT NULL, 
	_seq INTEGER NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id)
);
CREATE INDEX ix_actors_deleted ON actors (id) WHERE _life % 2 = 0;
CREATE INDEX ix_actors_order ON actors (_born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_actors_seq ON actors (_seq);
CREATE INDEX ix_alerts_deleted ON alerts (id) WHERE _life % 2 = 0;
CREATE INDEX ix_alerts_order ON alerts (received_at, _born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_alerts_related_id ON alerts (related_id, received_at, _born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_alerts_seq ON alerts (_seq);
CREATE INDEX ix_answers_at ON answers (at);
CREATE INDEX ix_change_log_at ON change_log (at);
CREATE INDEX ix_change_log_row ON change_log (collection, row_id, seq);
CREATE INDEX ix_clients_deleted ON clients (id) WHERE _life % 2 = 0;
CREATE INDEX ix_clients_order ON clients (_born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_clients_seq ON clients (_seq);
CREATE INDEX ix_conflicts_deleted ON conflicts (id) WHERE _life % 2 = 0;
CREATE INDEX ix_conflicts_order ON conflicts (_born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_conflicts_seq ON conflicts (_seq);
CREATE INDEX ix_events_deleted ON events (id) WHERE _life % 2 = 0;
CREATE INDEX ix_events_order ON events (received_at, _born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_events_completions ON events (machine_id, description, received_at) WHERE type = 'JOB_COMPLETE';
CREATE INDEX ix_events_seq ON events (_seq);
CREATE INDEX ix_inventory_deleted ON inventory (id) WHERE _life % 2 = 0;
CREATE INDEX ix_inventory_order ON inventory (_born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_inventory_sku ON inventory (sku, _born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_inventory_seq ON inventory (_seq);
CREATE INDEX ix_jobs_deleted ON jobs (id) WHERE _life % 2 = 0;
CREATE INDEX ix_jobs_order ON jobs (_born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_jobs_assigned_machine_id ON jobs (assigned_machine_id, _born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_jobs_project_id ON jobs (project_id, _born, id, status) WHERE _life % 2 = 1;
CREATE INDEX ix_jobs_status ON jobs (status, _born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_jobs_seq ON jobs (_seq);
CREATE INDEX ix_machines_deleted ON machines (id) WHERE _life % 2 = 0;
CREATE INDEX ix_machines_order ON machines (_born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_machines_seq ON machines (_seq);
CREATE INDEX ix_messages_deleted ON messages (id) WHERE _life % 2 = 0;
CREATE INDEX ix_messages_order ON messages (_born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_messages_seq ON messages (_seq);
CREATE INDEX ix_project_accessories_deleted ON project_accessories (id) WHERE _life % 2 = 0;
CREATE INDEX ix_project_accessories_order ON project_accessories (_born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_project_accessories_seq ON project_accessories (_seq);
CREATE INDEX ix_projects_deleted ON projects (id) WHERE _life % 2 = 0;
CREATE INDEX ix_projects_order ON projects (_born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_projects_seq ON projects (_seq);
CREATE INDEX ix_users_deleted ON users (id) WHERE _life % 2 = 0;
CREATE INDEX ix_users_order ON users (_born, id) WHERE _life % 2 = 1;
CREATE INDEX ix_users_pin_lookup ON users (pin_lookup);
CREATE INDEX ix_users_seq ON users (_seq);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('change_log',68);
COMMIT;
