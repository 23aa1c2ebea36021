import js from "@eslint/js";
import pulumi from "@pulumi/eslint-plugin";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
    { ignores: ["dist/", "coverage/", "node_modules/"] },
    { linterOptions: { reportUnusedDisableDirectives: "error", noInlineConfig: true } },
    js.configs.recommended,
    {
        files: ["**/*.ts"],
        extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
        plugins: { "@pulumi": pulumi },
        languageOptions: { parserOptions: { projectService: true } },
        rules: {
            "@pulumi/no-output-in-template-literal": "error",
            "@pulumi/no-output-instance-in-template-literal": "error",
            "@typescript-eslint/consistent-type-imports": [
                "error",
                { fixStyle: "inline-type-imports" },
            ],
            "@typescript-eslint/dot-notation": [
                "error",
                { allowIndexSignaturePropertyAccess: true },
            ],
            "@typescript-eslint/no-confusing-void-expression": [
                "error",
                { ignoreArrowShorthand: true },
            ],
            "@typescript-eslint/no-unused-vars": [
                "error",
                { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
            ],
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
            "@typescript-eslint/switch-exhaustiveness-check": [
                "error",
                { considerDefaultExhaustiveForUnions: true },
            ],
            eqeqeq: "error",
            "max-lines": ["error", { max: 400 }],
        },
    },
    { files: ["components/**", "stacks/**"], rules: { "no-console": "error" } },
    {
        files: ["**/*.js", "**/*.mjs"],
        languageOptions: {
            globals: {
                __dirname: "readonly",
                console: "readonly",
                module: "writable",
                process: "readonly",
                require: "readonly",
            },
        },
    },
);
