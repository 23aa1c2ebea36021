// Inputs of remote.Command and local.Command: their types, defaults, and which of them are secrets.
import { type Checked, type Failure } from "../plugin/resource";
import {
    isMap,
    isSecret,
    mapValues,
    secret,
    UNKNOWN,
    type Value,
    type ValueMap,
} from "../plugin/values";

type Type = "string" | "number" | "boolean" | "array" | "object";
interface Field {
    readonly type: Type;
    readonly required?: true;
    readonly fields?: Fields;
}
type Fields = Readonly<Record<string, Field>>;

const ENDPOINT: Fields = {
    agentSocketPath: { type: "string" },
    dialErrorLimit: { type: "number" },
    host: { type: "string", required: true },
    hostKey: { type: "string" },
    password: { type: "string" },
    perDialTimeout: { type: "number" },
    port: { type: "number" },
    privateKey: { type: "string" },
    privateKeyPassword: { type: "string" },
    user: { type: "string" },
};

const INPUTS: Fields = {
    addPreviousOutputInEnv: { type: "boolean" },
    create: { type: "string" },
    delete: { type: "string" },
    environment: { type: "object" },
    logging: { type: "string" },
    stdin: { type: "string" },
    triggers: { type: "array" },
    update: { type: "string" },
};

const REMOTE: Fields = {
    ...INPUTS,
    connection: {
        type: "object",
        required: true,
        fields: { ...ENDPOINT, proxy: { type: "object", fields: ENDPOINT } },
    },
};

const LOCAL: Fields = { ...INPUTS, dir: { type: "string" }, interpreter: { type: "array" } };

const DEFAULTS: ValueMap = { dialErrorLimit: 10, perDialTimeout: 15, port: 22, user: "root" };
const SECRETS = new Set(["password", "privateKey", "privateKeyPassword"]);

/** With defaults filled in; the connection a secret, and the secrets within it once more. */
export function checkRemote(inputs: ValueMap): Checked {
    const { connection } = inputs;
    const complete =
        connection === undefined ? inputs : { ...inputs, connection: secret(endpoint(connection)) };
    return { inputs: complete, failures: failuresIn(inputs, REMOTE, "") };
}

export function checkLocal(inputs: ValueMap): Checked {
    return { inputs, failures: failuresIn(inputs, LOCAL, "") };
}

function endpoint(value: Value): Value {
    if (isSecret(value)) {
        return secret(endpoint(value.value));
    }
    if (!isMap(value)) {
        return value;
    }
    return mapValues({ ...DEFAULTS, ...value }, (field, name) => {
        if (SECRETS.has(name)) {
            return secret(field);
        }
        return name === "proxy" ? endpoint(field) : field;
    });
}

function failuresIn(values: ValueMap, fields: Fields, path: string): Failure[] {
    const failures: Failure[] = [];
    for (const [name, field] of Object.entries(fields)) {
        const property = path + name;
        const value = unwrapped(values[name]);
        if (value === undefined && field.required) {
            failures.push({ property, reason: `Missing required field '${name}'` });
        }
        if (value !== undefined && value !== UNKNOWN) {
            failures.push(...failuresAt(value, field, property));
        }
    }
    for (const name of Object.keys(values)) {
        if (!(name in fields) && !name.startsWith("__")) {
            failures.push({ property: path + name, reason: `Unrecognized field '${name}'` });
        }
    }
    return failures;
}

function failuresAt(value: Value, { type, fields }: Field, property: string): Failure[] {
    const found = typeOf(value);
    if (found !== type) {
        return [{ property, reason: `Field must be a ${type}, but is a ${found}` }];
    }
    return fields && isMap(value) ? failuresIn(value, fields, `${property}.`) : [];
}

function unwrapped(value: Value | undefined): Value | undefined {
    return isSecret(value) ? unwrapped(value.value) : value;
}

function typeOf(value: Value): string {
    if (Array.isArray(value)) {
        return "array";
    }
    return value === null ? "null" : typeof value;
}
