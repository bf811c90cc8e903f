import { defineConfig } from '@playwright/test';
import tests from '../../playwright.config.ts';

// The same browser as in the tests. One after the other: packets fly better on a machine that does nothing else.
export default defineConfig({
  ...tests,
  testDir: import.meta.dirname,
  outputDir: '../../artifacts/pictures',
  reporter: [['list']],
  use: { ...tests.use, timezoneId: 'UTC', locale: 'en-GB', trace: 'off' },
});
