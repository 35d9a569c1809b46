// Made by `npm run types` from the server's OpenAPI document; do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An address that a browser opens. `name`: its network card, or mDNS; `qr`: its QR code as a data URI (SVG). */
        Address: {
            url: string;
            name: string;
            qr: string;
        };
        Alert: {
            id: string;
            /** @enum {string} */
            type: "MACHINE_STOPPED" | "UNASSIGNED_OPERATOR" | "DELAY_RISK" | "LOW_STOCK" | "JOB_READY" | "PROJECT_COMPLETED" | "OPERATOR_ALERT" | "MAINTENANCE_DUE" | "JOB_FINISHED" | "READY_FOR_DELIVERY";
            message: string;
            /** @enum {string} */
            severity: "HIGH" | "MEDIUM" | "LOW";
            /** @description ISO 8601, a date or a timestamp, as it was sent. */
            timestamp: string;
            relatedId?: string;
            dismissed: boolean;
        };
        AlertCreate: {
            id?: string | null;
            /** @enum {string} */
            type: "MACHINE_STOPPED" | "UNASSIGNED_OPERATOR" | "DELAY_RISK" | "LOW_STOCK" | "JOB_READY" | "PROJECT_COMPLETED" | "OPERATOR_ALERT" | "MAINTENANCE_DUE" | "JOB_FINISHED" | "READY_FOR_DELIVERY";
            message: string;
            /** @enum {string} */
            severity: "HIGH" | "MEDIUM" | "LOW";
            timestamp?: components["schemas"]["Moment"] | null;
            relatedId?: string | null;
            /** @default false */
            dismissed?: boolean | null;
        };
        AlertUpdate: {
            id?: string | null;
            /** @enum {string} */
            type?: "MACHINE_STOPPED" | "UNASSIGNED_OPERATOR" | "DELAY_RISK" | "LOW_STOCK" | "JOB_READY" | "PROJECT_COMPLETED" | "OPERATOR_ALERT" | "MAINTENANCE_DUE" | "JOB_FINISHED" | "READY_FOR_DELIVERY";
            message?: string;
            /** @enum {string} */
            severity?: "HIGH" | "MEDIUM" | "LOW";
            timestamp?: components["schemas"]["Moment"] | null;
            relatedId?: string | null;
            dismissed?: boolean | null;
        };
        /**
         * @description A backup as it is answered. `at`: as of when; `version`: of the program that had the database open.
         *
         *     `counts` of living objects and `digests` of all rows, by collection, as they were when it was made and checked.
         *     `drilledAt`: when it was last opened and compared with these.
         */
        Backup: {
            id: string;
            at: string;
            kind: string;
            version: string;
            schema: string;
            bytes: number;
            counts: {
                [key: string]: number;
            };
            digests: {
                [key: string]: string;
            };
            drilledAt?: string;
        };
        /**
         * @description `state`: none yet, fine, stale (none for more than two hours), or failing, with `detail` in words.
         *
         *     `bytes` of all together. `drilledAt`: when one was last opened and compared with what was recorded.
         */
        BackupStatus: {
            state: string;
            detail: string;
            /** @default 0 */
            count: number;
            /** @default 0 */
            bytes: number;
            newest?: string;
            newestAt?: string;
            ageSeconds?: number;
            drilledAt?: string;
            lastError?: string;
            secondPlace?: components["schemas"]["SecondPlace"];
            lastRestore?: components["schemas"]["RestoreReport"];
        };
        /**
         * @description For how long this plant can be offline: only its disk sets a limit. Changes wait however long it takes.
         *
         *     An estimate by how the database grew in the last seven days; without growth there is no limit.
         */
        Budget: {
            /** @default 0 */
            growthBytesPerDay: number;
            daysOfDiskLeft?: number;
        };
        /**
         * @description The certificate for HTTPS. `state`: fine, ending (in less than 14 days), ended, or failing: the files do not fit,
         *     or cannot be read, or the own authority has ended, with `detail` in words; what is served then is the last one that
         *     was right, if there is one. `until`: its end.
         */
        Certificate: {
            state: string;
            until?: string;
            detail?: string;
        };
        /** @description A setting that was changed in the file. `takesEffect` as of a setting; `where`: what overrides it. */
        Changed: {
            name: string;
            takesEffect: string;
            where?: string;
        };
        Client: {
            id: string;
            name: string;
            contactPerson: string;
            email?: string;
            phone?: string;
            address?: string;
            taxId?: string;
        };
        ClientCreate: {
            id?: string | null;
            name: string;
            /** @default  */
            contactPerson?: string | null;
            /** @default  */
            email?: string | null;
            /** @default  */
            phone?: string | null;
            address?: string | null;
            taxId?: string | null;
        };
        ClientUpdate: {
            id?: string | null;
            name?: string;
            contactPerson?: string | null;
            email?: string | null;
            phone?: string | null;
            address?: string | null;
            taxId?: string | null;
        };
        /**
         * @description This PC's clock. `state`: fine, or wrong, with `detail` in words. What was written by a wrong clock is put right
         *     in the next exchange with head office.
         */
        ClockStatus: {
            state: string;
            detail: string;
        };
        /** @description Two writes to a field that had not seen each other. `at`: when the later one was made. */
        Conflict: {
            id: string;
            collection: string;
            rowId: string;
            field: string;
            winner: components["schemas"]["ConflictingWrite"];
            loser: components["schemas"]["ConflictingWrite"];
            at: string;
            seen: boolean;
        };
        /** @description What can be said of a conflict: that it was seen. */
        ConflictUpdate: {
            seen: boolean;
        };
        /**
         * @description One of the two writes. Without a `value` it unset the field, or `deleted` the object.
         *
         *     `node` and `userId` are missing while this PC has not heard whose the stamp is; `node` is `central` for who writes
         *     at head office, where `userId` is a database role.
         */
        ConflictingWrite: {
            stamp: string;
            at: string;
            value?: unknown;
            deleted?: boolean;
            node?: string;
            userId?: string;
        };
        /** @description What a counter was set to by a creation or an import; the last writer wins. */
        CounterBase: {
            value: number;
            written: components["schemas"]["Written"];
        };
        /** @description What a client that read a number a minute ago should send: the difference. */
        CounterDelta: {
            add: number;
        };
        /** @description What one run of one PC's program has added in all; `by` says by whom, if that PC is this one. */
        CounterEntry: {
            actor: string;
            added: number;
            by: components["schemas"]["PersonsShare"][];
            node?: string;
        };
        /** @description What was deleted, as it is answered. `data` is the object as it was; `deletedBy` a user's id. */
        DeletedObject: {
            collection: string;
            id: string;
            deletedAt: string;
            data: {
                [key: string]: unknown;
            };
            deletedBy?: string;
        };
        DirectoryEntry: {
            id: string;
            name: string;
            /** @enum {string} */
            role: "ADMIN" | "SUPERVISOR" | "OPERATOR";
            avatar?: string;
        };
        /**
         * @description In bytes; the database with its write-ahead log. `state`: fine, low (old backups and logs are given up), full
         *     (only logins and deletions are still written), or read-only (the last write has failed: the disk takes none).
         *     `detail` says it in words, with what mends it.
         */
        Disk: {
            state: string;
            detail: string;
            freeBytes: number;
            totalBytes: number;
            databaseBytes: number;
        };
        /**
         * @description Which plant a bundle connects to. `before`: the bundle until now, `none`, the `same`, or `another`: then head
         *     office takes this PC for a new one, and everything is exchanged once more.
         */
        Enrolled: {
            plantId: string;
            plantName: string;
            before: string;
        };
        FieldError: {
            /** @description The field or parameter; dots lead into objects and lists; `body`: the whole. */
            field: string;
            /** @description What is wrong with it, in the language of `detail`. */
            msg: string;
        };
        /** @description Who is to be the first administrator. */
        FirstAdmin: {
            name: string;
            pin: string;
        };
        /** @description Something about one row of the file. `row` counts from 1; `id` may be empty. */
        ImportEntry: {
            row: number;
            id: string;
            field: string;
            what: string;
            why?: string;
        };
        /** @description A row that was left out. */
        ImportRejection: {
            row: number;
            id: string;
            reason: string;
        };
        /** @description What an import did, or would do, as JSON; `collections` by their keys in the file. */
        ImportReport: {
            dryRun: boolean;
            collections: {
                [key: string]: components["schemas"]["ImportTally"];
            };
            noted: string[];
        };
        /** @description Of one collection: counts, and what is worth reading. */
        ImportTally: {
            read: number;
            new: number;
            changed: number;
            same: number;
            repaired: components["schemas"]["ImportEntry"][];
            rejected: components["schemas"]["ImportRejection"][];
            noted: components["schemas"]["ImportEntry"][];
        };
        InventoryItem: {
            id: string;
            name: string;
            sku: string;
            quantity: number;
            /** @enum {string} */
            unit: "kg" | "m" | "units" | "L";
            minThreshold: number;
            location: string;
            isManufactured?: boolean;
        };
        InventoryItemCreate: {
            id?: string | null;
            name: string;
            sku: string;
            /** @default 0 */
            quantity?: number | null;
            /** @enum {string} */
            unit: "kg" | "m" | "units" | "L";
            /** @default 0 */
            minThreshold?: number | null;
            /** @default  */
            location?: string | null;
            isManufactured?: boolean | null;
        };
        InventoryItemUpdate: {
            id?: string | null;
            name?: string;
            sku?: string;
            quantity?: (number | components["schemas"]["CounterDelta"]) | null;
            /** @enum {string} */
            unit?: "kg" | "m" | "units" | "L";
            minThreshold?: number | null;
            location?: string | null;
            isManufactured?: boolean | null;
        };
        Job: {
            id: string;
            projectId: string;
            /** @enum {string} */
            machineType: "CONFORMADORA" | "PANELIZADO" | "SOLDADURA" | "PINTURA" | "CARGA" | "PANELES_SIP" | "HERRERIA";
            assignedMachineId?: string;
            operatorIds?: string[];
            productName: string;
            targetQuantity: number;
            completedQuantity: number;
            scrapQuantity?: number;
            unit: string;
            /** @enum {string} */
            status: "PENDING" | "IN_PROGRESS" | "COMPLETED" | "HALTED";
            /** @description ISO 8601, a date or a timestamp, as it was sent. */
            startDate?: string;
            /** @description ISO 8601, a date or a timestamp, as it was sent. */
            endDate?: string;
            priorityIndex?: number;
            fileUrl?: string;
            notes?: string;
            operatorNotes?: string;
            requiresPanelizado?: boolean;
            linkedJobId?: string;
            workflowStages?: components["schemas"]["WorkflowStage"][];
            currentCoilId?: string;
            isStock?: boolean;
            tonnage?: number;
            /** @description ISO 8601, a date or a timestamp, as it was sent. */
            completedAt?: string;
        };
        JobCreate: {
            id?: string | null;
            projectId: string;
            /** @enum {string} */
            machineType: "CONFORMADORA" | "PANELIZADO" | "SOLDADURA" | "PINTURA" | "CARGA" | "PANELES_SIP" | "HERRERIA";
            assignedMachineId?: string | null;
            operatorIds?: string[] | null;
            productName: string;
            targetQuantity: number;
            /** @default 0 */
            completedQuantity?: number | null;
            scrapQuantity?: number | null;
            unit: string;
            /** @default PENDING */
            status?: ("PENDING" | "IN_PROGRESS" | "COMPLETED" | "HALTED") | null;
            startDate?: components["schemas"]["Moment"] | null;
            endDate?: components["schemas"]["Moment"] | null;
            priorityIndex?: number | null;
            fileUrl?: string | null;
            notes?: string | null;
            operatorNotes?: string | null;
            requiresPanelizado?: boolean | null;
            linkedJobId?: string | null;
            workflowStages?: components["schemas"]["WorkflowStageInput"][] | null;
            currentCoilId?: string | null;
            isStock?: boolean | null;
            tonnage?: number | null;
            completedAt?: components["schemas"]["Moment"] | null;
        };
        JobUpdate: {
            id?: string | null;
            projectId?: string;
            /** @enum {string} */
            machineType?: "CONFORMADORA" | "PANELIZADO" | "SOLDADURA" | "PINTURA" | "CARGA" | "PANELES_SIP" | "HERRERIA";
            assignedMachineId?: string | null;
            operatorIds?: (string[] | components["schemas"]["SetDelta"]) | null;
            productName?: string;
            targetQuantity?: number;
            completedQuantity?: number | null;
            scrapQuantity?: number | null;
            unit?: string;
            status?: ("PENDING" | "IN_PROGRESS" | "COMPLETED" | "HALTED") | null;
            startDate?: components["schemas"]["Moment"] | null;
            endDate?: components["schemas"]["Moment"] | null;
            priorityIndex?: number | null;
            fileUrl?: string | null;
            notes?: string | null;
            operatorNotes?: string | null;
            requiresPanelizado?: boolean | null;
            linkedJobId?: string | null;
            workflowStages?: components["schemas"]["WorkflowStageInput"][] | null;
            currentCoilId?: string | null;
            isStock?: boolean | null;
            tonnage?: number | null;
            completedAt?: components["schemas"]["Moment"] | null;
        };
        /** @description A change as it is answered. `fields`: by name, the value before and the one after it. */
        LogEntry: {
            seq: number;
            at: string;
            collection: string;
            rowId: string;
            kind: string;
            origin: string;
            fields: {
                [key: string]: unknown;
            };
            userId?: string;
        };
        /** @description A line of the log, with those that belong to it, as a trace does. */
        LogLine: {
            at: string;
            level: string;
            logger: string;
            message: string;
        };
        /** @description The body of a login. */
        Login: {
            pin: string;
        };
        Machine: {
            id: string;
            name: string;
            /** @enum {string} */
            type: "CONFORMADORA" | "PANELIZADO" | "SOLDADURA" | "PINTURA" | "CARGA" | "PANELES_SIP" | "HERRERIA";
            /** @enum {string} */
            category?: "STANDARD" | "STRUCTURAL";
            brand?: string;
            /** @enum {string} */
            status: "RUNNING" | "IDLE" | "MAINTENANCE" | "ERROR" | "OFFLINE";
            currentJobId: string | null;
            operatorIds: string[];
            efficiency: number;
            oee_availability: number;
            oee_performance: number;
            oee_quality: number;
            temperature?: number;
            /** @description ISO 8601, a date or a timestamp, as it was sent. */
            lastMaintenance?: string;
            maintenanceReason?: string;
            isActive: boolean;
            color?: string;
            totalMetersProduced: number;
            nextMaintenanceMeters: number;
        };
        MachineCreate: {
            id?: string | null;
            name: string;
            /** @enum {string} */
            type: "CONFORMADORA" | "PANELIZADO" | "SOLDADURA" | "PINTURA" | "CARGA" | "PANELES_SIP" | "HERRERIA";
            category?: ("STANDARD" | "STRUCTURAL") | null;
            brand?: string | null;
            /** @default IDLE */
            status?: ("RUNNING" | "IDLE" | "MAINTENANCE" | "ERROR" | "OFFLINE") | null;
            currentJobId?: string | null;
            /** @default [] */
            operatorIds?: string[] | null;
            /** @default 0 */
            efficiency?: number | null;
            /** @default 0 */
            oee_availability?: number | null;
            /** @default 0 */
            oee_performance?: number | null;
            /** @default 0 */
            oee_quality?: number | null;
            temperature?: number | null;
            lastMaintenance?: components["schemas"]["Moment"] | null;
            maintenanceReason?: string | null;
            /** @default true */
            isActive?: boolean | null;
            color?: string | null;
            /** @default 0 */
            totalMetersProduced?: number | null;
            /** @default 0 */
            nextMaintenanceMeters?: number | null;
        };
        MachineUpdate: {
            id?: string | null;
            name?: string;
            /** @enum {string} */
            type?: "CONFORMADORA" | "PANELIZADO" | "SOLDADURA" | "PINTURA" | "CARGA" | "PANELES_SIP" | "HERRERIA";
            category?: ("STANDARD" | "STRUCTURAL") | null;
            brand?: string | null;
            status?: ("RUNNING" | "IDLE" | "MAINTENANCE" | "ERROR" | "OFFLINE") | null;
            currentJobId?: string | null;
            operatorIds?: (string[] | components["schemas"]["SetDelta"]) | null;
            efficiency?: number | null;
            oee_availability?: number | null;
            oee_performance?: number | null;
            oee_quality?: number | null;
            temperature?: number | null;
            lastMaintenance?: components["schemas"]["Moment"] | null;
            maintenanceReason?: string | null;
            isActive?: boolean | null;
            color?: string | null;
            totalMetersProduced?: (number | components["schemas"]["CounterDelta"]) | null;
            nextMaintenanceMeters?: number | null;
        };
        /** @description One minute: how many changes wait for head office, how many requests came, what is on the disk and free there. */
        Measured: {
            at: string;
            waiting: number;
            requests: number;
            databaseBytes: number;
            freeBytes: number;
        };
        Message: {
            id: string;
            from: string;
            to: string;
            content: string;
            /** @description ISO 8601, a date or a timestamp, as it was sent. */
            timestamp: string;
            isRead: boolean;
        };
        MessageCreate: {
            id?: string | null;
            from?: string | null;
            to: string;
            content: string;
            timestamp?: components["schemas"]["Moment"] | null;
            /** @default false */
            isRead?: boolean | null;
        };
        MessageUpdate: {
            id?: string | null;
            from?: string | null;
            to?: string;
            content?: string;
            timestamp?: components["schemas"]["Moment"] | null;
            isRead?: boolean | null;
        };
        Moment: string;
        /** @description Head office's enrolment file for this PC; `anotherName`: also if that is for a plant of another name. */
        NewEnrolment: {
            bundle: {
                [key: string]: unknown;
            };
            /** @default false */
            anotherName?: boolean;
        };
        /** @description A plant to be. `bundle`: head office's enrolment file; `anotherName`: also if that is for another name. */
        NewPlant: {
            plant: string;
            timeZone: string;
            admin: components["schemas"]["FirstAdmin"];
            bundle?: {
                [key: string]: unknown;
            } | null;
            /** @default false */
            anotherName?: boolean;
        };
        /** @description The body that makes a code for a terminal. */
        NewTerminal: {
            name: string;
        };
        Ok: {
            /** @constant */
            ok: true;
        };
        /** @description Which terminal this is now. */
        PairedTerminal: {
            id: string;
            name: string;
        };
        /** @description The body with which a terminal is paired. */
        PairingCode: {
            code: string;
        };
        /** @description What one person has added; without a `userId` it was the server. */
        PersonsShare: {
            added: number;
            userId?: string;
        };
        /** @description Its id at head office, if it is connected, and its name. */
        PlantName: {
            id?: string;
            name?: string;
        };
        /** @description What went wrong (RFC 9457). */
        Problem: {
            /**
             * Format: uri-reference
             * @description What kind of problem: for programs. The address is a page that explains it.
             * @enum {string}
             */
            type: "/problems/backup-unsound" | "/problems/bad-bundle" | "/problems/bad-host" | "/problems/bad-import" | "/problems/bad-key" | "/problems/busy" | "/problems/carry-refused" | "/problems/changed" | "/problems/client-blocked" | "/problems/clock-in-doubt" | "/problems/confirm-over-https" | "/problems/current-pin" | "/problems/damaged" | "/problems/database" | "/problems/database-of-another" | "/problems/dead-token" | "/problems/disk-full" | "/problems/easy-pin" | "/problems/forbidden" | "/problems/forbidden-fields" | "/problems/gone" | "/problems/https-only" | "/problems/id-deleted" | "/problems/id-exists" | "/problems/import-running" | "/problems/internal" | "/problems/invalid" | "/problems/key-reused" | "/problems/key-twice" | "/problems/last-admin" | "/problems/malformed" | "/problems/method" | "/problems/no-carry-key" | "/problems/no-route" | "/problems/no-token" | "/problems/not-decodable" | "/problems/not-deleted" | "/problems/not-enrolled" | "/problems/not-found" | "/problems/not-http" | "/problems/not-importable" | "/problems/not-json" | "/problems/not-paired" | "/problems/not-restorable" | "/problems/not-set-up" | "/problems/not-websocket" | "/problems/nothing-unconfirmed" | "/problems/other-plant" | "/problems/pin-not-restorable" | "/problems/pin-shared" | "/problems/pin-taken" | "/problems/project-blocked" | "/problems/read-only" | "/problems/restoring" | "/problems/set-up-already" | "/problems/settings-unwritable" | "/problems/setup-link" | "/problems/shutting-down" | "/problems/sku-taken" | "/problems/too-large" | "/problems/too-many" | "/problems/too-many-users" | "/problems/too-slow" | "/problems/unconfirmed" | "/problems/unknown-collection" | "/problems/unknown-parameter" | "/problems/unreadable-import" | "/problems/wrong-code" | "/problems/wrong-pin";
            /** @description The kind in a few words, in English. */
            title: string;
            /**
             * @description The HTTP status.
             * @enum {integer}
             */
            status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 410 | 412 | 413 | 415 | 422 | 426 | 429 | 500 | 503 | 507;
            /** @description One sentence that a person can act on, in Spanish or English (`Accept-Language`). */
            detail: string;
            /** @description With 422: what is wrong where. */
            errors?: components["schemas"]["FieldError"][];
        };
        ProductionEvent: {
            id: string;
            machineId: string;
            /** @enum {string} */
            type: "JOB_START" | "JOB_COMPLETE" | "COIL_CHANGE" | "ERROR_LOG" | "QUALITY_CHECK" | "CALIBRATION" | "CLEANING" | "STAGE_COMPLETE" | "SCRAP_REPORT";
            description: string;
            /** @enum {string} */
            severity: "INFO" | "WARNING" | "CRITICAL";
            /** @description ISO 8601, a date or a timestamp, as it was sent. */
            timestamp: string;
        };
        ProductionEventCreate: {
            id?: string | null;
            machineId: string;
            /** @enum {string} */
            type: "JOB_START" | "JOB_COMPLETE" | "COIL_CHANGE" | "ERROR_LOG" | "QUALITY_CHECK" | "CALIBRATION" | "CLEANING" | "STAGE_COMPLETE" | "SCRAP_REPORT";
            description: string;
            /** @enum {string} */
            severity: "INFO" | "WARNING" | "CRITICAL";
            timestamp?: components["schemas"]["Moment"] | null;
        };
        Project: {
            id: string;
            name: string;
            clientId: string;
            /** @description ISO 8601, a date or a timestamp, as it was sent. */
            deadline: string;
            /** @enum {string} */
            status: "PLANNING" | "IN_PROGRESS" | "COMPLETED" | "DELAYED" | "ARCHIVED";
            description?: string;
            budget?: number;
        };
        ProjectAccessory: {
            id: string;
            projectId: string;
            inventoryItemId: string;
            quantityRequired: number;
            quantityAllocated: number;
            isFulfilled: boolean;
        };
        ProjectAccessoryCreate: {
            id?: string | null;
            projectId: string;
            inventoryItemId: string;
            quantityRequired: number;
            /** @default 0 */
            quantityAllocated?: number | null;
            /** @default false */
            isFulfilled?: boolean | null;
        };
        ProjectAccessoryUpdate: {
            id?: string | null;
            projectId?: string;
            inventoryItemId?: string;
            quantityRequired?: number;
            quantityAllocated?: number | null;
            isFulfilled?: boolean | null;
        };
        ProjectCreate: {
            id?: string | null;
            name: string;
            /** @default  */
            clientId?: string | null;
            deadline: components["schemas"]["Moment"];
            /** @default PLANNING */
            status?: ("PLANNING" | "IN_PROGRESS" | "COMPLETED" | "DELAYED" | "ARCHIVED") | null;
            description?: string | null;
            budget?: number | null;
        };
        ProjectUpdate: {
            id?: string | null;
            name?: string;
            clientId?: string | null;
            deadline?: components["schemas"]["Moment"];
            status?: ("PLANNING" | "IN_PROGRESS" | "COMPLETED" | "DELAYED" | "ARCHIVED") | null;
            description?: string | null;
            budget?: number | null;
        };
        ProjectWithJobs: {
            id: string;
            name: string;
            clientId: string;
            /** @description ISO 8601, a date or a timestamp, as it was sent. */
            deadline: string;
            /** @enum {string} */
            status: "PLANNING" | "IN_PROGRESS" | "COMPLETED" | "DELAYED" | "ARCHIVED";
            description?: string;
            budget?: number;
            jobs: components["schemas"]["Job"][];
        };
        /**
         * @description What a restore does. Counts of living objects by collection: in the database before, and after; `digests` after.
         *
         *     `keptAs`: the backup that the database before becomes.
         */
        RestoreReport: {
            backup: string;
            at: string;
            keptAs: string;
            before: {
                [key: string]: number;
            };
            after: {
                [key: string]: number;
            };
            digests: {
                [key: string]: string;
            };
        };
        /**
         * @description `direction`: push if head office does not take it, pull if this PC does not. `reason` is a sentence.
         *
         *     `at`: when it was last tried, by the program of this `version`. `state`: waiting if it is tried again with the next
         *     exchange; taken, as the answer to a retry, if it was set aside and is no more.
         */
        RowSetAside: {
            id: number;
            /** @enum {string} */
            direction: "push" | "pull";
            collection: string;
            rowId: string;
            reason: string;
            at: string;
            version: string;
            /** @enum {string} */
            state: "aside" | "waiting" | "taken";
        };
        /**
         * @description How a running plant is doing: with its time, and since when it runs, by a clock that nobody sets. `certificate`:
         *     the one for HTTPS, if there is HTTPS.
         */
        RunningStatus: {
            plant: components["schemas"]["PlantName"];
            node: string;
            version: string;
            sync: components["schemas"]["SyncStatus"];
            disk: components["schemas"]["Disk"];
            backups: components["schemas"]["BackupStatus"];
            stops: components["schemas"]["Stops"];
            clock: components["schemas"]["ClockStatus"];
            time: string;
            startedAt: string;
            uptimeSeconds: number;
            certificate?: components["schemas"]["Certificate"];
        };
        /** @description Where each backup is copied to. `error`: why the last copy failed, if it did. */
        SecondPlace: {
            path: string;
            copiedAt?: string;
            error?: string;
        };
        /** @description What a login answers: a JWT (HS256) with `sub`, `role`, `iat`, `exp`, `jti`, and whose it is. */
        Session: {
            token: string;
            user: components["schemas"]["User"];
        };
        /** @description What a client that read a list a minute ago should send: what to add to it, what to take out. */
        SetDelta: {
            /** @default [] */
            add?: string[];
            /** @default [] */
            remove?: string[];
        };
        /** @description An add that keeps an element in a set; one element may have several. */
        SetElement: {
            element: string;
            at: string;
            node?: string;
            userId?: string;
        };
        /**
         * @description A setting as it is answered. `origin`: flag, environment, file or default; `where`: which flag, which variable,
         *     which file and line. `takesEffect`: when a change does: now, or at the next start; or it is overridden by a flag or
         *     a variable. `kind`: what it is changed with, text, number (whole if `whole`), boolean, choice or list; none if it is
         *     not changed over the API. `choices`: what it, or each in a list, can be. `atNextStart`: what the file says, if that
         *     waits for the next start. `confirmWithin`: it was changed, and is changed back in so many seconds. What is unset is
         *     left out.
         */
        Setting: {
            name: string;
            description: string;
            origin: string;
            takesEffect: string;
            where?: string;
            value?: unknown;
            default?: unknown;
            kind?: string;
            whole?: boolean;
            choices?: string[];
            least?: number;
            greatest?: number;
            atNextStart?: unknown;
            confirmWithin?: number;
        };
        /**
         * @description What a change did. `beginsAnew`: the server does, now; the status has another `startedAt` when that is done.
         *     `confirmWithin`: unless it is confirmed in so many seconds, it is undone.
         */
        SettingsChange: {
            changed: components["schemas"]["Changed"][];
            beginsAnew: boolean;
            confirmWithin?: number;
        };
        /** @description Settings to change, by their names in settings.toml; null for the default. */
        SettingsUpdate: {
            /** @description The address to listen on. */
            host?: string | null;
            /** @description The port to listen on. */
            port?: number | null;
            /** @description HTTPS: off, own (with a certificate authority made here) or files. */
            tls?: ("off" | "own" | "files") | null;
            /** @description The port to listen on for HTTPS. */
            tls_port?: number | null;
            /** @description For tls = files: the certificate with its chain, PEM. */
            tls_certificate?: string | null;
            /** @description For tls = files: the certificate's key, PEM, without a password. */
            tls_key?: string | null;
            /** @description Whether the LAN is served without HTTPS too; if not, pages lead to HTTPS. */
            http?: boolean | null;
            /** @description Whether the server is found as structura.local on the LAN. */
            mdns?: boolean | null;
            /** @description A folder with a built frontend, served at /. */
            frontend?: string | null;
            /** @description Other origins whose pages may call the API; * for any. */
            cors_origins?: string[] | null;
            /** @description Lists that are open without a token; if it is not set, machines where a frontend is served. */
            kiosk_collections?: string[] | null;
            /** @description Whether a PIN is good at paired terminals only. */
            require_paired_terminals?: boolean | null;
            /** @description The plant's, as in America/Montevideo; empty: this machine's. */
            time_zone?: string | null;
            /** @description How long a login lasts, in hours. */
            token_hours?: number | null;
            /** @description How long changes stay in the log once head office has them; 0: for good. */
            change_log_days?: number | null;
            /** @description A second place for backups, such as another disk. */
            backup_copy?: string | null;
            /** @description How much the log says: DEBUG, INFO, WARNING or ERROR. */
            log_level?: ("DEBUG" | "INFO" | "WARNING" | "ERROR") | null;
            /** @description How the log is written: text, or json: an object a line. */
            log_format?: ("text" | "json") | null;
            /** @description Whether /metrics is there, for Prometheus; open to the whole LAN. */
            metrics?: boolean | null;
        };
        /** @description The secret of a setup link. */
        SetupLink: {
            link: string;
        };
        /**
         * @description What a link is exchanged for: a key for the next steps, the time zone if one is set, and this PC's addresses.
         *
         *     `hasFrontend`: whether terminals find the plant's app there; else, the console.
         */
        SetupSession: {
            session: string;
            timeZone: string;
            addresses: components["schemas"]["Address"][];
            hasFrontend: boolean;
        };
        /** @description How often the server, or a command, ended without closing the database: killed, or without power. */
        Stops: {
            unclean: number;
            lastUnclean?: string;
        };
        /**
         * @description What the worker says, and what the last comparison with head office said, over restarts too.
         *
         *     `step` is that in words: not compared, in step, in step except so many rows set aside, was in step (before the link
         *     went), differing. `inStepSince`: since when every comparison found both sides equal, the last one at `inStep`.
         *     `pending`: how many changes wait, `pendingSince` when, with `oldest` first. `setAside`: rows that one side could not
         *     take; `conflicts`: those that nobody has looked at.
         */
        SyncStatus: {
            state: string;
            /** @default  */
            detail: string;
            lastExchange?: string;
            lastError?: string;
            offlineSince?: string;
            nextTry?: string;
            clockOffsetMs?: number;
            inStep?: string;
            /** @default [] */
            differing: string[];
            /** @default 0 */
            pushed: number;
            /** @default 0 */
            pulled: number;
            /** @default not compared */
            step: string;
            inStepSince?: string;
            /** @default 0 */
            pending: number;
            pendingSince?: string;
            oldest?: components["schemas"]["Waiting"];
            /** @default 0 */
            setAside: number;
            /** @default 0 */
            conflicts: number;
            /**
             * @default {
             *       "growthBytesPerDay": 0,
             *       "daysOfDiskLeft": null
             *     }
             */
            budget: components["schemas"]["Budget"];
        };
        /**
         * @description What a file from head office did.
         *
         *     `state`: 'applied'; 'known' (all of it was here already); 'set-back' (head office had forgotten what this PC
         *     had sent) or 'new-node' (this database is a copy or was restored), after both of which the next export brings
         *     everything. `acknowledged`: changes that head office is now known to hold. `waiting`: those that still have to go
         *     there. `aside`: rows it did not take. `behind`: how far, at least, this PC's clock is behind (milliseconds).
         *     `differing`: collections that are not the same on both sides; None: not compared, as more has to come first.
         */
        Taken: {
            state: string;
            /** @default 0 */
            rows: number;
            /** @default 0 */
            acknowledged: number;
            /** @default 0 */
            waiting: number;
            /** @default 0 */
            aside: number;
            /** @default 0 */
            behind: number;
            differing?: string[];
        };
        /** @description A terminal that is paired, or waits for its code until `expiresAt`. */
        Terminal: {
            id: string;
            name: string;
            createdAt: string;
            pairedAt?: string;
            lastSeenAt?: string;
            address?: string;
            expiresAt?: string;
        };
        /** @description A code that pairs a terminal, as it is told once. */
        TerminalCode: {
            id: string;
            name: string;
            createdAt: string;
            expiresAt: string;
            code: string;
        };
        /** @description The plant's certificate authority: its SHA-256 and its end; `port`: where HTTPS is. */
        Trust: {
            fingerprint: string;
            until: string;
            port: number;
        };
        User: {
            id: string;
            name: string;
            /** @enum {string} */
            role: "ADMIN" | "SUPERVISOR" | "OPERATOR";
            /** @constant */
            pin: "••••";
            avatar?: string;
        };
        UserCreate: {
            id?: string | null;
            name: string;
            /** @enum {string} */
            role: "ADMIN" | "SUPERVISOR" | "OPERATOR";
            pin: string;
            avatar?: string | null;
        };
        UserUpdate: {
            id?: string | null;
            name?: string;
            /** @enum {string} */
            role?: "ADMIN" | "SUPERVISOR" | "OPERATOR";
            pin?: string;
            avatar?: string | null;
            currentPin?: string | null;
        };
        /** @description A row that waits to reach head office. */
        Waiting: {
            collection: string;
            id: string;
        };
        /**
         * @description Why a row is as it is. `life` counts: odd is alive, even deleted; the greater one wins. `turned`: the last delete
         *     or restore. `changes`: the newest 200 of `changeCount`. `waits`: head office has yet to hear of something.
         *     `users`: the names of those who occur.
         */
        Why: {
            collection: string;
            id: string;
            alive: boolean;
            life: number;
            created: components["schemas"]["Written"];
            fields: components["schemas"]["WhyField"][];
            changes: components["schemas"]["WhyChange"][];
            changeCount: number;
            conflicts: components["schemas"]["Conflict"][];
            setAside: components["schemas"]["RowSetAside"][];
            waits: boolean;
            users: {
                [key: string]: string;
            };
            turned?: components["schemas"]["Written"];
        };
        /**
         * @description A change as this PC's log has it. `written`: the latest stamp that came with it; with `origin` sync it came from
         *     head office. Another one has `reachedCentral`, or `waits`, or was `refused` there.
         */
        WhyChange: {
            seq: number;
            at: string;
            /** @enum {string} */
            kind: "create" | "update" | "delete" | "restore";
            origin: string;
            fields: {
                [key: string]: unknown[];
            };
            written: components["schemas"]["Written"];
            userId?: string;
            reachedCentral?: string;
            waits?: boolean;
            refused?: boolean;
        };
        /**
         * @description A field. `rule`: how two versions of it become one. `written`: the last write to it.
         *
         *     A counter is its `base` and what the `entries` add to it; a set has the `elements` that were added and not removed.
         */
        WhyField: {
            field: string;
            /** @enum {string} */
            rule: "last-writer" | "counter" | "set";
            written: components["schemas"]["Written"];
            value?: unknown;
            base?: components["schemas"]["CounterBase"];
            entries?: components["schemas"]["CounterEntry"][];
            elements?: components["schemas"]["SetElement"][];
        };
        /** @description A step of a job's workflow. */
        WorkflowStage: {
            /** @enum {string} */
            name: "CORTE" | "SOLDADURA" | "PINTURA" | "TERMINADO";
            isCompleted: boolean;
            /** @description ISO 8601, a date or a timestamp, as it was sent. */
            completedAt?: string;
        };
        /** @description A step of a job's workflow, as it is sent. */
        WorkflowStageInput: {
            /** @enum {string} */
            name: "CORTE" | "SOLDADURA" | "PINTURA" | "TERMINADO";
            isCompleted: boolean;
            completedAt?: components["schemas"]["Moment"] | null;
        };
        /** @description A stamp taken apart. `node` and `userId` are missing while this PC has not heard whose it is. */
        Written: {
            stamp: string;
            at: string;
            node?: string;
            userId?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
