/**
 * Command lines for hosts. They are constant for a stack and unit: their text lies in the state, and
 * a change of it would run every command again. All that varies comes on stdin.
 */

/** First line of the probe's answer where the host lacks the program of this version. */
export const SEND_PROGRAM = "crosshost: send";

/** `timeout` stands under sudo: a user may not signal a process of root's. 120 s: pulls none. */
const LIMIT = "timeout -k 5 120";

/** Whether the login user, not root, may talk to Docker: the Docker provider logs in as that user. */
const SOCKET = 'CROSSHOST_SOCKET="$(test -w /run/docker.sock && echo yes || echo no)" ';

const UNPACK = [
    "umask 077",
    "d=$(mktemp -d)",
    `trap "rm -rf $d" EXIT`,
    "cat >$d/in",
    `sed -n "s/^# //p" $d/in | base64 -d | gzip -dc >$d/crosshost`,
].join(" && ");

export function applyCommand(stack: string, unit: string, become: "sudo" | undefined): string {
    return `${sudo(become)}${LIMIT} ${program(stack)} apply ${stack} ${unit}`;
}

/** Where the program is gone, so is what it made, or the Host's own removal sweeps it up. */
export function deleteCommand(stack: string, unit: string, become: "sudo" | undefined): string {
    const command = `if [ -x ${program(stack)} ]; then ${LIMIT} ${program(stack)} delete ${stack} ${unit}; else cat >/dev/null; fi`;
    return become ? `${sudo(become)}sh -c '${command}'` : command;
}

/** Before Docker makes a container: what bears the unit's mark already is in nobody's state. */
export function vacateCommand(
    stack: string,
    unit: string,
    containers: readonly [own: string, ...leaving: string[]],
    become: "sudo" | undefined,
): string {
    return `${sudo(become)}${LIMIT} ${program(stack)} vacate ${stack} ${unit} ${containers.join(" ")}`;
}

/** Takes the host's unit and, as comments, the packed program on stdin. */
export function installCommand(stack: string, become: "sudo" | undefined): string {
    return `${sudo(become)}${LIMIT} sh -c '${UNPACK} && sed "/^#/d" $d/in | sh $d/crosshost install ${stack}'`;
}

export function uninstallCommand(stack: string, become: "sudo" | undefined): string {
    return `${sudo(become)}${LIMIT} sh -c '${UNPACK} && sed "/^#/d" $d/in | sh $d/crosshost uninstall ${stack}'`;
}

/**
 * Runs the host's own copy where it is of this version; asks for the program otherwise. `eval`, as
 * a shell that reads a script from a pipe takes it byte by byte.
 */
export function observeCommand(stack: string, hash: string, become: "sudo" | undefined): string {
    return withProgram(stack, hash, `observe ${stack}`, sudo(become, SOCKET));
}

/** Who on the LAN has these addresses: changes nothing, and needs nothing installed there either. */
export function askCommand(
    stack: string,
    hash: string,
    become: "sudo" | undefined,
    link: string,
    addresses: readonly string[],
): string {
    return withProgram(stack, hash, ["ask", link, ...addresses].join(" "), sudo(become));
}

/** The ports that an image declares: changes nothing either. */
export function exposesCommand(
    stack: string,
    hash: string,
    become: "sudo" | undefined,
    image: string,
): string {
    return withProgram(stack, hash, `exposes ${image}`, sudo(become));
}

function withProgram(stack: string, hash: string, request: string, rights: string): string {
    const run = `case "$(sha256sum <${program(stack)} 2>/dev/null)" in ${hash}*) exec ${program(stack)} ${request};; esac`;
    const script = `[ -r ${program(stack)} ] && ${run}; echo "${SEND_PROGRAM}"; eval "$(cat)"`;
    return `${rights}sh -c '${script}' crosshost ${request}`;
}

function program(stack: string): string {
    return `/var/lib/crosshost/${stack}/crosshost`;
}

/** sudo forgets where the login came from, which no network of ours may hold. */
function sudo(become: "sudo" | undefined, more = ""): string {
    return become ? `sudo -n env SSH_CONNECTION="$SSH_CONNECTION" ${more}` : "";
}
