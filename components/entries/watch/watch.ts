import { entry, type Entry } from "../../wire/unit";

/** A service of the host starts what follows containers that others start. */
export const WATCH_CONTAINERS: Entry = entry("watch containers", "attach on start");

/** Another one puts routes back that the kernel forgets with a link that goes down, or that others delete. */
export const WATCH_ROUTES: Entry = entry("watch routes", "add on link up");
