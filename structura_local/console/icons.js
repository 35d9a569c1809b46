// @ts-check
// The icons of the menu, as paths in a box of 24 by 24, drawn with a pen.

import { svg } from "./dom.js";

export const ICONS = {
  menu: "M4 7h16M4 12h16M4 17h16",
  overview: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
  sync: "M20 11a8 8 0 0 0-14.3-4.2L4 8.5M4 4v4.5h4.5M4 13a8 8 0 0 0 14.3 4.2l1.7-1.7M20 20v-4.5h-4.5",
  conflicts: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.1",
  why: "M9.2 9a2.9 2.9 0 1 1 4.3 2.6c-1 .5-1.5 1.2-1.5 2.4M12 17v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  data: "M12 3v11m0 0 4-4m-4 4-4-4M4 17v3h16v-3",
  backups: "M4 5h16v5H4zM4 14h16v5H4zM8 7.5h.1M8 16.5h.1",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  changes: "M12 7v5l3.5 2M3.5 12a8.5 8.5 0 1 0 2.8-6.3L3.5 8M3.5 4v4h4",
  live: "M3 12h4l3-7 4 14 3-7h4",
  users: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.5 2.9-6 6.5-6s6.5 2.5 6.5 6M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.5c2.2.8 3.5 2.8 3.5 5.5",
  terminals: "M5 4h14v16H5zM10 17h4",
  addresses: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 20h2",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  logs: "M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7",
  good: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.3l2.8 2.7L16 9.5",
  warn: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.1",
  bad: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 9l6 6M15 9l-6 6",
  plain: "M4 20V9l8-5 8 5v11zM9 20v-6h6v6",
};

export const LOGO = () =>
  svg("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" },
    svg("rect", { width: 32, height: 32, rx: 7, fill: "#0a5fb4" }),
    svg("path", { d: "M7 24V14l5 3.2V14l5 3.2V14l8 5v5z", fill: "#fff" }),
    svg("circle", { cx: 22, cy: 10, r: 3, fill: "#8fd0ff" }));
