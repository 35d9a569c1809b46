// Shows the API's description. Everything comes from /api/openapi.json and goes into the page as text, never as markup.

import { ask } from "/console/client.js";
import { h as element, words } from "/console/dom.js";

document.documentElement.lang = "en"; // whatever is spoken elsewhere

const METHODS = ["get", "post", "patch", "put", "delete"];

// `code` between backticks, paragraphs between empty lines.
function prose(text) {
  return (text ?? "").split("\n\n").filter(Boolean).map((paragraph) =>
    element("p", {}, ...paragraph.split("`").map((part, i) => (i % 2 ? element("code", {}, part) : part))));
}

function table(head, rows) {
  const line = (cell) => (cells) => element("tr", {}, ...cells.map((said) => element(cell, {}, said ?? "")));
  return element("div", { class: "table" },
    element("table", {}, element("thead", {}, line("th")(head)), element("tbody", {}, ...rows.map(line("td")))));
}

function viewer(api) {
  const resolve = (said) => (said?.$ref ? said.$ref.slice(2).split("/").reduce((at, key) => at[key], api) : said);

  // A schema as one would write its type, with links to those that have a name.
  function type(schema) {
    if (!schema || Object.keys(schema).length === 0) return ["anything"];
    if (schema.$ref) {
      const name = schema.$ref.split("/").pop();
      return [element("a", { href: `#schema-${name}` }, name)];
    }
    const options = schema.oneOf ?? schema.anyOf;
    if (options && !schema.properties) return options.flatMap((option, i) => [...(i ? [" | "] : []), ...type(option)]);
    if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
    if ("const" in schema) return [JSON.stringify(schema.const)];
    if (schema.type === "array") return ["list of ", ...type(schema.items)];
    return [[schema.type].flat().join(" | ") + (schema.format ? ` (${schema.format})` : "")];
  }

  function limits(schema) {
    const named = { minimum: "≥", maximum: "≤", minLength: "length ≥", maxLength: "length ≤", default: "default" };
    const inner = [schema, ...(schema.anyOf ?? [])];
    return Object.entries(named)
      .flatMap(([key, word]) => inner.filter((s) => key in s).slice(0, 1).map((s) => `${word} ${JSON.stringify(s[key])}`))
      .join(", ");
  }

  function fields(schema) {
    const required = new Set(schema.required ?? []);
    return table(["field", "type", ""], Object.entries(schema.properties ?? {}).map(([name, said]) => [
      element("code", {}, name + (required.has(name) ? " *" : "")),
      element("span", {}, ...type(said)),
      [limits(said), said.description].filter(Boolean).join(". "),
    ]));
  }

  function content(said) {
    return Object.entries(said ?? {}).flatMap(([mediaType, { schema, example, examples }]) => {
      const shown = example ?? resolve(Object.values(examples ?? {})[0])?.value;
      return [
        element("p", {}, element("code", {}, mediaType), schema ? ": " : "", ...(schema ? type(schema) : [])),
        shown === undefined ? "" : element("pre", {}, JSON.stringify(shown, null, 2)),
      ];
    });
  }

  function response([status, given]) {
    const said = resolve(given);
    const problem = said.content?.["application/problem+json"];
    const body = problem
      ? Object.keys(problem.examples).flatMap((code, i) => [i ? ", " : "", element("a", { href: `#problem-${code}` }, code)])
      : content(said.content);
    const headers = Object.keys(said.headers ?? {}).join(", ");
    return element("div", {},
      element("h4", {}, `${status} ${said.description}`),
      ...(headers ? [element("p", { class: "note" }, `Headers: ${headers}`)] : []),
      ...body);
  }

  function operation(path, method, said) {
    const parameters = said.parameters.map(resolve);
    const rows = parameters.map((p) => [
      element("code", {}, p.name + (p.required ? " *" : "")),
      p.in,
      element("span", {}, ...type(p.schema)),
      [p.description, limits(p.schema)].filter(Boolean).join(" "),
    ]);
    const made = element("details", { id: said.operationId },
      element("summary", {},
        element("span", { class: `method ${method}` }, method.toUpperCase()),
        element("code", {}, path),
        element("span", {}, said.summary)));
    made.addEventListener("toggle", () => {
      if (made.childElementCount > 1) return; // made when it is first looked at
      made.append(
        ...prose(said.description),
        element("h4", {}, "Parameters"), table(["name", "in", "type", ""], rows),
        ...(said.requestBody ? [element("h4", {}, "Body"), ...content(said.requestBody.content)] : []),
        ...Object.entries(said.responses).map(response));
    });
    made.dataset.words = JSON.stringify([path, method, said.summary, said.description, Object.keys(said.responses),
      parameters.map((p) => p.name)]).toLowerCase();
    return made;
  }

  function operations() {
    const all = Object.entries(api.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => [path, method, item[method]]));
    return api.tags.map(({ name }) => element("section", {},
      element("h2", {}, name),
      ...all.filter(([, , said]) => said.tags.includes(name)).map((one) => operation(...one))));
  }

  function schemas() {
    return Object.entries(api.components.schemas).map(([name, schema]) =>
      element("details", { id: `schema-${name}` },
        element("summary", {}, element("code", {}, name)),
        ...prose(schema.description),
        schema.properties ? fields(schema) : element("p", {}, ...type(schema))));
  }

  function problems() {
    return Object.entries(api.components.examples).map(([code, { value }]) =>
      element("details", { id: `problem-${code}` },
        element("summary", {}, element("code", {}, `${value.status} ${code}`), element("span", {}, value.detail)),
        element("pre", {}, JSON.stringify(value, null, 2)),
        element("p", {}, element("a", { href: value.type }, value.type))));
  }

  return { operations, schemas, problems };
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
  target?.scrollIntoView();
}

async function show() {
  const main = document.getElementById("operations");
  let api;
  try {
    api = await ask("GET", "/api/openapi.json");
  } catch (error) {
    main.replaceChildren(element("p", {}, `The description could not be loaded: ${words(error)}`));
    return;
  }
  const parts = viewer(api);
  document.getElementById("about").replaceChildren(element("p", { class: "note" }, `Version ${api.info.version}`),
    ...prose(api.info.description.replaceAll(/([^\n])\n([^\n])/g, "$1 $2")));
  main.replaceChildren(...parts.operations());
  document.getElementById("schemas").replaceChildren(...parts.schemas());
  document.getElementById("problems").replaceChildren(...parts.problems());
  document.getElementById("search").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const one of main.querySelectorAll("details")) one.hidden = !words.every((w) => one.dataset.words.includes(w));
    for (const one of main.querySelectorAll("section")) one.hidden = !one.querySelector("details:not([hidden])");
  });
  addEventListener("hashchange", openTarget);
  openTarget();
}

show();
