// A change on a host whose /run is full: whatever is missing, it is done whole or not at all.
import { type Answer, meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const TOLD =
    /crosshost: unit mesh on .*(no room in \/run\/crosshost|No space left on device).*; (nothing was changed|put back: .*)\n$/;

/** KiB: tmpfs gives room by the page, of 4. */
const STEP = 8;

/** Folders that stay, empty. */
const FOLDERS = /^\/run\/crosshost\/(nft|was)\n/gm;

describe.each([...TOOLS, { shell: "dash", awk: "busybox" } as const])(
    "with no room in /run, by $shell and $awk",
    (tools) => {
        let host: NetnsHost;

        beforeAll(() => {
            host = new NetnsHost(tools);
            host.sh("iptables -N DOCKER-USER; mkdir -p -m 0700 /run/crosshost /var/lib/crosshost");
        });
        afterAll(() => host.close());

        const dump = () => host.dump().replace(FOLDERS, "");
        const withFree = (kilobytes: number, change: () => Answer) => {
            host.sh(
                `mount -o remount,size=$(($(df -k --output=used /run | tail -n 1) + ${kilobytes}))k /run`,
            );
            const answer = change();
            host.sh("mount -o remount,size=100m /run");
            return answer;
        };

        test.each([
            ["an apply", () => host.apply("mesh", meshUnit())],
            ["a delete", () => host.crosshost(["delete", STACK, "mesh"])],
        ])("%s is refused little by little, and leaves nothing", (_, change) => {
            const before = dump();
            let refused = 0;
            for (let free = 4; ; free += STEP) {
                const { status, stderr } = withFree(free, change);
                if (status === 0) {
                    break;
                }
                expect(stderr).toMatch(TOLD);
                expect(dump()).toBe(before);
                refused += 1;
            }
            expect(refused).toBeGreaterThan(5);
            expect(dump()).not.toBe(before);
        });
    },
);
