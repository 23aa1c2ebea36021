const common = {
    rootDir: __dirname,
    testEnvironmentOptions: { globalsCleanup: "off" }, // the SDK keeps its LocalStore on a global, beyond a test file's end
    transform: {
        "^.+\\.ts$": [
            "@swc/jest",
            {
                jsc: { parser: { syntax: "typescript" }, target: "es2022" },
                module: { type: "commonjs" },
            },
        ],
    },
    moduleFileExtensions: ["ts", "js", "json"],
    modulePathIgnorePatterns: ["<rootDir>/dist"],
    setupFilesAfterEnv: ["<rootDir>/test/support/timeout.ts"],
};

// Jest heeds `testTimeout` only where there is one project; timeout.ts applies this one.
const tier = (name, pattern, testTimeout, more = {}) => ({
    ...common,
    ...more,
    displayName: name,
    testMatch: [`<rootDir>/test/**/${pattern}`],
    globals: { testTimeout },
});

module.exports = {
    testSequencer: "<rootDir>/test/sequencer.js",
    projects: [
        tier("unit", "!(*.netns|*.e2e).test.ts", 20_000),
        tier("netns", "*.netns.test.ts", 120_000),
        tier("e2e", "*.e2e.test.ts", 900_000, { globalSetup: "<rootDir>/test/support/build.ts" }),
    ],
};
