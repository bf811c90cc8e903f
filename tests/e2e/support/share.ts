// The Share menu, and what comes out of it. Of drop-forward-drop.hops, whose three exchanges were dropped.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { Replay } from './replay.ts';
import { expect } from './test.ts';

export async function openDrops(page: Page, { url }: Replay): Promise<void> {
  await page.goto(url);
  await expect(page.getByText('3 exchanges', { exact: false }).first()).toBeVisible({ timeout: 20_000 });
}

export async function selectDrop(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /NETFILTER_DROP/ })
    .first()
    .click();
  await expect(page.getByRole('region', { name: 'Selected exchange' })).toBeVisible();
}

/** Chooses it in the Share menu. */
export async function save(page: Page, name: string): Promise<{ name: string; content: Buffer; path: string }> {
  await page.getByRole('button', { name: 'Share' }).click();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name, exact: true }).click(),
  ]);
  const path = await file.path();
  return { name: file.suggestedFilename(), content: readFileSync(path), path };
}

/** Opens it with librsvg, which refuses what is not well formed. @returns width and height of the picture made of it */
export function convert(path: string): [number, number] {
  return sizeOfPng(execFileSync('rsvg-convert', [path], { maxBuffer: 64 * 1024 * 1024 }));
}

export const sizeOfPng = (png: Buffer): [number, number] => {
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
};
