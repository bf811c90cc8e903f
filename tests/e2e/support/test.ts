// Playwright's `test` with a watch on every page: a request to a foreign host, an error on the console, an exception
// or a breach of the content security policy fails the test that it happened in.
import { test as base, expect, type Page } from '@playwright/test';

export { expect };

export interface Watch {
  /** Lets console errors that match pass: for a test that takes the agent away. */
  allowErrors(pattern: RegExp): void;
}

const isOwn = (url: string) =>
  /^(?:(?:http|ws):\/\/(?:localhost|127\.0\.0\.1|\[::1\])[:/]|data:|blob:|about:|file:)/.test(url);

export const test = base.extend<{ watch: Watch }>({
  watch: [
    async ({ page }, use) => {
      const problems: string[] = [];
      const allowed: RegExp[] = [];
      await watchPage(page, (problem) => problems.push(problem));
      await use({ allowErrors: (pattern) => void allowed.push(pattern) });
      expect(problems.filter((problem) => !allowed.some((pattern) => pattern.test(problem)))).toEqual([]);
    },
    { auto: true },
  ],
});

async function watchPage(page: Page, report: (problem: string) => void): Promise<void> {
  page.on('request', (request) => {
    if (!isOwn(request.url())) report(`request to ${request.url()}`);
  });
  page.on('websocket', (socket) => {
    if (!isOwn(socket.url())) report(`WebSocket to ${socket.url()}`);
  });
  page.on('console', (message) => {
    // Chromium breaks off what it loads when a container brings an interface; what is loaded on demand is asked for again.
    if (message.type() === 'error' && !message.text().includes('ERR_NETWORK_CHANGED'))
      report(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => report(`exception: ${error.message}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`content security policy: ${event.violatedDirective} refused ${event.blockedURI}`);
    });
  });
}

declare global {
  interface Window {
    /** See apps/web/src/main.tsx. */
    readonly hopscopeStats: {
      readonly reactCommits: number;
      readonly inFlight: number;
      readonly dots: number;
      readonly fps: number;
    };
  }
}
