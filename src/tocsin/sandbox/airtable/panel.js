// Draws the tables of the simulated base, the newest rows first.

import { element } from "/element.js";

const tables = element("div", { id: "tables" });

export const heading = "";
export const card = element("section", { id: "tables-card", hidden: true }, element("h2", {}, "Airtable"), tables);

export function draw(told) {
  card.hidden = !told.tables.length;
  tables.replaceChildren(...told.tables.map((table) => element("div", { tabIndex: 0, className: "sheet" },
    element("h3", {}, table.name),
    element("table", {},
      element("thead", {}, element("tr", {}, ...table.columns.map((name) => element("th", {}, name)))),
      element("tbody", {}, ...table.rows.map((row) => element("tr", {},
        ...table.columns.map((name) => element("td", {}, String(row[name] ?? ""))))))))));
}

export function places() {
  return [];
}

export function targets() {
  return [];
}
