"""Views for reports, beside one view a collection: plants by name, jobs with what they refer to, stock. Read only.

Times are points in time here, not the texts that clients sent. Replaced by every `central init`, never dropped: people
build on them, so a column is only ever added at the end.
"""

MOMENT = """
CREATE OR REPLACE FUNCTION structura_sync.moment(written text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN written::timestamptz;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;  -- one odd value must not keep a report from being made
END $$"""

# A bundle is for one PC: what it was before a restore will never pull again, nor will who was cut off.
PRESENT = """(
    SELECT DISTINCT ON (n.plant_id, n.bundle) n.*
    FROM structura_sync.node AS n JOIN structura_sync.bundle AS b ON b.plant_id = n.plant_id AND b.role = n.bundle
    WHERE b.revoked_at IS NULL ORDER BY n.plant_id, n.bundle, n.last_contact DESC)"""

VIEWS = {
    "plants": f"""
        SELECT p.plant_id, p.name,
            (SELECT max(o.last_contact) FROM structura_sync.node AS o WHERE o.plant_id = p.plant_id) AS last_contact,
            count(n.node_id) AS pcs, p.head - min(n.pulled) AS changes_behind
        FROM structura_sync.partition AS p LEFT JOIN {PRESENT} AS n ON n.plant_id = p.plant_id
        GROUP BY p.plant_id, p.name, p.head""",
    "report_jobs": """
        SELECT j.plant_id, l.name AS plant, j.id AS job_id, j.product_name, j.machine_type, m.name AS machine,
            j.project_id, p.name AS project, c.name AS client, j.status, j.unit, j.target_quantity,
            j.completed_quantity, j.scrap_quantity,
            round(100 * j.completed_quantity / nullif(j.target_quantity, 0), 1) AS percent_complete,
            structura_sync.moment(j.start_date) AS started_at, structura_sync.moment(j.completed_at) AS completed_at,
            structura_sync.moment(p.deadline) AS deadline
        FROM structura.jobs AS j
        JOIN structura_sync.partition AS l ON l.plant_id = j.plant_id
        LEFT JOIN structura.machines AS m ON m.plant_id = j.plant_id AND m.id = j.assigned_machine_id
        LEFT JOIN structura.projects AS p ON p.plant_id = j.plant_id AND p.id = j.project_id
        LEFT JOIN structura.clients AS c ON c.plant_id = p.plant_id AND c.id = p.client_id""",
    "report_stock": """
        SELECT i.plant_id, l.name AS plant, i.id AS item_id, i.sku, i.name, i.unit, i.quantity, i.min_threshold,
            i.quantity < i.min_threshold AS below_threshold, i.location
        FROM structura.inventory AS i JOIN structura_sync.partition AS l ON l.plant_id = i.plant_id""",
}


def statements(*, security_invoker: bool) -> list[str]:
    """The statements that create the views and let readers read them, in order; the collections' views come first."""
    options = " WITH (security_invoker = true)" if security_invoker else ""
    return [
        MOMENT,
        *(f"CREATE OR REPLACE VIEW structura.{name}{options} AS {query}" for name, query in VIEWS.items()),
        *(f"GRANT SELECT ON structura.{name} TO structura_reader" for name in VIEWS),
    ]
