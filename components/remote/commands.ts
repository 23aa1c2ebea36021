/**
 * Command lines for hosts. They are constant for a stack and unit: their text lies in the state, and
 * a change of it would run every command again. All that varies comes on stdin.
 */

/** First line of the probe's answer where the host lacks the program of this version. */
export const SEND_PROGRAM = "crosshost: send";

/** First line of the answer of a host that is to hear names. */
export const SEND_NAMES = "crosshost: send names";

/** `timeout` stands under sudo: a user may not signal a process of root's. 120 s: pulls none. */
const LIMIT = "timeout -k 5 120";

/** Whoever asks has given up after 30 s: what he asked for is not to go on, with the host's lock in its hand. */
const ASK_LIMIT = "timeout -k 1 31";

/** What only the login itself sees, without sudo and in its own environment: so does the Docker provider. */
const SOCKET = ' CROSSHOST_SOCKET="$(test -w /run/docker.sock && echo yes || echo no)"';
const TLS = ' CROSSHOST_TLS="$DOCKER_TLS$DOCKER_TLS_VERIFY"';

const UNPACK = [
    "umask 077",
    "d=$(mktemp -d)",
    `trap "rm -rf $d" EXIT`,
    "cat >$d/in",
    `sed -n "s/^# //p" $d/in | base64 -d | gzip -dc >$d/crosshost`,
].join(" && ");

/**
 * A script that `sh` runs as root with nothing of the login's environment. The login's shell only has to start
 * `env`: quoted so, the text is the same to sh, bash, zsh, fish, tcsh and csh, and `sh` is no alias or function.
 * SSH_CONNECTION is kept, as no network of ours may hold where the login came from; `more` follows it for `env`.
 */
export function bySh(
    script: string,
    become: "sudo" | undefined,
    args: readonly string[] = [],
    more = "",
): string {
    const kept = `PATH=/usr/sbin:/usr/bin:/sbin:/bin SSH_CONNECTION="$SSH_CONNECTION"${more}`;
    const rights = become ? "sudo -n " : "";
    const start = `exec ${rights}env -i ${kept} sh -c "$@"`;
    return ["env sh -c", quoted(start), "sh", quoted(script), "crosshost", ...args].join(" ");
}

/** csh looks for `!` in quotes too, fish for a backslash, and none of them takes a line's end. */
function quoted(text: string): string {
    if (/['!\\\n]/.test(text)) {
        throw new Error(`not every shell reads this as it is: ${text}`);
    }
    return `'${text}'`;
}

export function applyCommand(stack: string, unit: string, become: "sudo" | undefined): string {
    return bySh(run(stack, "apply", stack, unit), become);
}

/** Where the program is gone, so is what it made, or the Host's own removal sweeps it up. */
export function deleteCommand(stack: string, unit: string, become: "sudo" | undefined): string {
    const remove = run(stack, "delete", stack, unit);
    return bySh(`if [ -r ${programOf(stack)} ]; then ${remove}; fi; cat >/dev/null`, become);
}

/** Of what the unit's own command has left under guard; where the program is gone, nothing is. */
export function commitCommand(stack: string, unit: string, become: "sudo" | undefined): string {
    const commit = run(stack, "commit", stack, unit);
    return bySh(`if [ -r ${programOf(stack)} ]; then ${commit}; fi; cat >/dev/null`, become);
}

/** Before Docker makes a container: what bears the unit's mark already is in nobody's state. */
export function vacateCommand(
    stack: string,
    unit: string,
    containers: readonly [own: string, ...leaving: string[]],
    become: "sudo" | undefined,
): string {
    return bySh(run(stack, "vacate", stack, unit, ...containers), become);
}

/** Before Docker makes a container: the names that it is to find from its start, on stdin once it is asked for. */
export function foretellCommand(stack: string, become: "sudo" | undefined): string {
    const write = run(stack, "foretell", stack, "names");
    return bySh(`echo; echo "${SEND_NAMES}"; ${write}`, become);
}

/** Takes the host's unit and, as comments, the packed program on stdin. */
export function installCommand(stack: string, become: "sudo" | undefined): string {
    return bySh(
        `${UNPACK} && sed "/^#/d" $d/in | ${LIMIT} sh $d/crosshost install ${stack}`,
        become,
    );
}

export function uninstallCommand(stack: string, become: "sudo" | undefined): string {
    return bySh(
        `${UNPACK} && sed "/^#/d" $d/in | ${LIMIT} sh $d/crosshost uninstall ${stack}`,
        become,
    );
}

/**
 * Runs the host's own copy where it is of this version; asks for the program otherwise. `eval`, as
 * a shell that reads a script from a pipe takes it byte by byte.
 */
export function observeCommand(stack: string, hash: string, become: "sudo" | undefined): string {
    return withProgram(stack, hash, ["observe", stack], become, become ? TLS + SOCKET : TLS);
}

/** Who on the LAN has these addresses: changes nothing, and needs nothing installed there either. */
export function askCommand(
    stack: string,
    hash: string,
    become: "sudo" | undefined,
    link: string,
    addresses: readonly string[],
): string {
    return withProgram(stack, hash, ["ask", link, ...addresses], become);
}

/** The ports that an image declares: changes nothing either. */
export function exposesCommand(
    stack: string,
    hash: string,
    become: "sudo" | undefined,
    image: string,
): string {
    return withProgram(stack, hash, ["exposes", image], become);
}

/** The first line is empty: what a start file of the login's shell has printed may have no end. */
function withProgram(
    stack: string,
    hash: string,
    request: readonly string[],
    become: "sudo" | undefined,
    more = "",
): string {
    const ifSame = `case "$(sha256sum <${programOf(stack)} 2>/dev/null)" in ${hash}*) exec sh ${programOf(stack)} "$@";; esac`;
    const script = `echo; [ -r ${programOf(stack)} ] && ${ifSame}; echo "${SEND_PROGRAM}"; eval "$(cat)"`;
    return bySh(script, become, request, `${more} ${ASK_LIMIT}`);
}

function run(stack: string, ...request: readonly string[]): string {
    return `exec ${LIMIT} sh ${programOf(stack)} ${request.join(" ")}`;
}

/** Where it lies on hosts. */
export function programOf(stack: string): string {
    return `/var/lib/crosshost/${stack}/crosshost`;
}
