"""The API's description (OpenAPI 3.1), made of what the server itself goes by.

Fields and bodies come from `domain/` and `schemas.py`, who may from `domain/access.py`, errors from `errors.py`,
addresses from the URL table in `web/routes.py`. What no declaration says yet stands at the handler:

    @described(
        id="changeSetting", tag="System", summary="Change a setting",
        may=("administration", access.UPDATE),
        parameters=(in_path("name", "Which."), query("dryRun", BOOLEAN, "Only say what would happen.")),
        takes=SettingUpdate,
        answers={200: Reply(Setting, "The setting as it is now.", headers=("ETag",))},
        refusals=("no-route",),
    )
    async def change(request: web.Request) -> web.Response: ...

`Reply` takes a type that pydantic can describe, or a schema (`ref("User")` is one of the document's own). Dataclasses
and models become components of their own names; of a dataclass, what may be None is left out of the answer where it is
(`schemas.shown` does so). `takes` is the model by which the handler reads the body. Codes of `errors.py` that follow
from nothing else go into `refusals`. Pages for people are `@page`. A route that is neither makes
tests/web/test_openapi.py fail; nothing else is needed.
"""
