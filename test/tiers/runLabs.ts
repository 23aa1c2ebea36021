import { allOf, bringUp, labEnvironment, takeDown } from "../../lab/bringup";
import { show } from "../../lab/command";
import { say } from "../../lab/terminal";
import { installation } from "./needs";

/** The labs of a run, such as nothing has used before; with `keep`, as they are. */
export class RunLabs {
    #up: Promise<void> | undefined;

    constructor(
        private readonly root: string,
        private readonly names: readonly string[],
        private readonly keep: boolean,
        private readonly isInterrupted: () => boolean,
    ) {}

    /**
     * Begins to bring them up, with the programs that their tests call, beside tests that need none: most
     * of it is to wait for a disk. What goes wrong is told to whoever asks for them.
     */
    begin(): void {
        this.#up ??= this.prepare();
        this.#up.catch(() => undefined);
    }

    /** As soon as they are up. */
    async up(): Promise<void> {
        this.begin();
        await this.#up;
    }

    /** Takes down what was begun. */
    async end(): Promise<void> {
        await this.#up?.catch(() => undefined);
        if (this.#up === undefined) {
            return;
        }
        if (this.keep) {
            this.names.forEach((lab) => {
                say(`the lab stays: CROSSHOST_LAB=${lab} lab/lab status`);
            });
            return;
        }
        await allOf(this.names.map((lab) => takeDown(labEnvironment(lab), "--purge")));
    }

    private async prepare(): Promise<void> {
        await show(installation(this.root, "e2e"));
        // What they share is made by one of them; the others wait.
        await allOf(
            this.names.map(async (lab) => {
                if (!this.keep) {
                    await takeDown(labEnvironment(lab), "--purge");
                }
                if (!this.isInterrupted()) {
                    await bringUp(labEnvironment(lab));
                }
            }),
        );
    }
}
