import { entry, type Entry } from "../../wire/unit";

/** systemd-networkd leaves routes alone that it did not make. */
export const KEEP_FOREIGN_ROUTES: Entry = entry("networkd foreign-routes", "keep");
