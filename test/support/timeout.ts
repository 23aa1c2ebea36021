declare const testTimeout: number;

jest.setTimeout(testTimeout);
