// Tells whether node_modules holds what package-lock.json asks for: exits 0 silently, or 1 with why not.
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
const packages = (file) => JSON.parse(readFileSync(join(root, file), "utf8")).packages;

const installedList = "node_modules/.package-lock.json";
if (!existsSync(join(root, installedList))) {
    console.log("node_modules is missing");
    process.exit(1);
}
const installed = packages(installedList);
const other = Object.entries(packages("package-lock.json")).filter(
    ([path, wanted]) =>
        path !== "" && !wanted.optional && installed[path]?.version !== wanted.version,
);
if (other.length > 0) {
    const names = other.slice(0, 3).map(([path]) => path.replace(/^.*node_modules\//, ""));
    console.log(`${other.length} packages differ from the lockfile: ${names.join(", ")}`);
    process.exit(1);
}
