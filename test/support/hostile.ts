import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";

/** Another seed than the printed one: `HOSTILE_SEED=7 npm test -- hostile`. */
export const SEED = Number(process.env["HOSTILE_SEED"] ?? "20261121");
export const COUNT = 20_000;

/** In it something lies when what should have been carried or refused was executed. */
const CAGE = mkdtempSync(join(tmpdir(), "crosshost-hostile-"));
const CANARY = join(CAGE, "canary");
afterAll(() => {
    rmSync(CAGE, { recursive: true, force: true });
});

/** Whether it was, since it was asked the last time. Texts woven together give it other names. */
export function executed(): boolean {
    const names = readdirSync(CAGE);
    for (const name of names) {
        rmSync(join(CAGE, name), { recursive: true });
    }
    return names.length > 0;
}

export const TOUCH = `touch ${CANARY}`;
/** What means something to sh, awk, ssh, nft, ip, Go templates, YAML or the reader of a terminal. */
const PAYLOADS = [
    ...[`$(${TOUCH})`, `\`${TOUCH}\``, `; ${TOUCH}`, `;${TOUCH};#`, `| ${TOUCH}`, `& ${TOUCH} &`],
    ...[`&& ${TOUCH}`, `|| ${TOUCH}`, `\n${TOUCH}\n`, `\r\n${TOUCH}\r\n`, `' ; ${TOUCH} ; '`],
    ...[`" ; ${TOUCH} ; "`, `'$(${TOUCH})'`, `"$(${TOUCH})"`, `\${IFS}${TOUCH}`, `>${CANARY}`],
    ...[`>>${CANARY}`, `$(>${CANARY})`, `<(${TOUCH})`, `") ; system("${TOUCH}") ; ("`],
    ...[`"; system("${TOUCH}"); "`, `-o ProxyCommand=${TOUCH}`, `-oProxyCommand=${TOUCH}`],
    ...[`{{exec "${TOUCH}"}}`, `}; include "${CANARY}"; {`, `} ; add table inet x ; {`],
    ...["--", "-", "-rf", "--help", "..", "../../etc/passwd", "/", "~", "~root", "%h", "%%", "*"],
    ...[
        "?",
        "[a-z]",
        "!!",
        "#",
        "# x",
        ": ",
        "a: b",
        "- a",
        "&a",
        "*a",
        "!!str",
        "|",
        ">",
        "'",
        '"',
    ],
    ...["{{.}}", "{{", "}}", "${HOME}", "$HOME", "$0", "\\", "\\n", "\\0", "=", "a=b", "at=x:y"],
    ...[
        "role=new",
        "seen: x",
        "drift x: y",
        "end",
        "crosshost 1",
        "mode=state",
        "\0",
        "\t",
        "\u0007",
    ],
    ...[
        "\u001b[2J",
        "\u009b31m",
        "\u202e",
        "\u2028",
        "\ufeff",
        "\u00a0",
        "٣",
        "１",
        "é",
        "🙂",
        "𝒳",
    ],
    ...["0", "-1", "1e3", "0x7f", "010.42.0.0/16", "10.42.0.0/016", "0x0a.42.0.0/16", "10.42/16"],
    ...[
        "::1",
        "fe80::1%eth0",
        "10.42.0.1 ",
        "10.42.0.0/16\n",
        "10.42.0.0/16#",
        "1.2.3.4.5",
        "256.1.1.1",
    ],
    ...["x".repeat(64), "x".repeat(300), "x.".repeat(200), "-".repeat(20), "$".repeat(5_000)],
];

const odd = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...PAYLOADS) },
    { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
    { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
    { weight: 1, arbitrary: fc.string({ maxLength: 300 }) },
    { weight: 1, arbitrary: fc.stringMatching(/^[A-Za-z0-9_.:,/@=+{}!<>*&|() -]{1,40}$/) },
    { weight: 1, arbitrary: fc.stringMatching(/^[a-zA-Z0-9_.-]{1,20}$/) },
    { weight: 1, arbitrary: fc.ipV4() },
    { weight: 1, arbitrary: fc.domain() },
);

const fragments = fc.record({
    parts: fc.array(odd, { minLength: 1, maxLength: 3 }),
    place: fc.constantFrom("alone", "before", "after", "within"),
    at: fc.nat(30),
});

let asked = 0;
let sampled: readonly (typeof fragments extends fc.Arbitrary<infer T> ? T : never)[] | undefined;

/**
 * Hostile texts, most of them woven into one that is right; the same for the same seed. With a share,
 * one text in so many: the next asker gets others, and five askers get them all.
 */
export function hostileTexts(right: string, share = 1): string[] {
    sampled ??= fc.sample(fragments, { numRuns: COUNT, seed: SEED });
    const first = asked++ % share;
    const part = sampled.filter((_, at) => at % share === first);
    return part.map(({ parts, place, at }) => {
        const hostile = parts.join("");
        switch (place) {
            case "alone":
                return hostile;
            case "before":
                return hostile + right;
            case "after":
                return right + hostile;
            case "within":
                return right.slice(0, at) + hostile + right.slice(at);
        }
    });
}
