import { allRuntimes, runtimeText, sampleOf, valuesOf } from "./runtimes";

test("what users may have is 58 runtimes, of which each sample has every value", () => {
    const all = allRuntimes();
    expect(new Set(all.map(runtimeText)).size).toBe(58);
    for (let seed = 0; seed < 50; seed++) {
        const sample = sampleOf(seed);
        expect(sample.map(({ node }) => node)).toEqual(["20", "22", "24"]);
        expect(valuesOf(sample)).toEqual(valuesOf(all));
        expect(sample[2]).toMatchObject({
            sdk: "newest",
            modules: "ES module",
            manager: "pnpm",
        });
    }
});

test("samples of many seeds are many, and the same for the same seed", () => {
    const texts = Array.from({ length: 50 }, (_, seed) => sampleOf(seed).map(runtimeText).join());
    expect(new Set(texts).size).toBeGreaterThan(30);
    expect(sampleOf(7)).toEqual(sampleOf(7));
});
