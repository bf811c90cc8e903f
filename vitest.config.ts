import { defineConfig } from 'vitest/config';

// Real kernel, real time, a shared machine: in CI a second try tells a hiccup from a fault.
const retry = process.env.CI === undefined ? 0 : 1;

// The tiers are projects: `npx vitest run --project pure`. The browser tier is Playwright's (playwright.config.ts).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'pure',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.{ts,tsx}'],
        },
      },
      { test: { name: 'contract', include: ['tests/contract/**/*.test.ts'], testTimeout: 60_000 } },
      // The addon is loaded into a process of its own for each file.
      { test: { name: 'addon', include: ['native/test/**/*.test.ts'], pool: 'forks', testTimeout: 60_000, retry } },
      {
        test: {
          name: 'privileged',
          include: ['tests/netns/**/*.test.ts'],
          pool: 'forks',
          // One after another: they watch the same kernel.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          retry,
        },
      },
    ],
  },
});
