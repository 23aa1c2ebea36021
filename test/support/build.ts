import { join } from "node:path";
import { ROOT, run } from "./lab";

/** Programs of end-to-end tests import the package as it is published. */
export default function build(): void {
    run("sh", [join(ROOT, "components/build")]);
}
