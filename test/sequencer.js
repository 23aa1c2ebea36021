const { default: BySize } = require("@jest/test-sequencer");

/** Minutes of work in short files. Begun last, each would keep one worker while the others have nothing left. */
const FIRST = ["uplinkManagers.e2e", "hostile.e2e", "crash.e2e"];

module.exports = class extends BySize {
    sort(tests) {
        const isFirst = ({ path }) => FIRST.some((name) => path.endsWith(`/${name}.test.ts`));
        const bySize = super.sort(tests);
        return [...bySize.filter(isFirst), ...bySize.filter((test) => !isFirst(test))];
    }
};
