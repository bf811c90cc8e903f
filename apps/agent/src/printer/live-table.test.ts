import { expect, test } from 'vitest';
import { createLiveTable } from './live-table.ts';

const ESC = '\u001b';

function tableOn(rows: number, columns: number) {
  const written: string[] = [];
  const table = createLiveTable({ rows, columns, write: (text) => written.push(text) });
  return { table, written };
}

test('a screen of its own is entered once, drawn over in place, and left', () => {
  const { table, written } = tableOn(10, 40);
  table.draw(['one', 'two']);
  table.draw(['three']);
  table.close();
  table.close();
  expect(written).toEqual([
    `${ESC}[?1049h${ESC}[?25l${ESC}[Hone${ESC}[K\r\ntwo${ESC}[K${ESC}[J`,
    `${ESC}[Hthree${ESC}[K${ESC}[J`,
    `${ESC}[?25h${ESC}[?1049l`,
  ]);
});

test('what was never drawn is not left, and what is closed stays closed', () => {
  const { table, written } = tableOn(10, 40);
  table.close();
  table.draw(['one']);
  expect(written).toEqual([]);
});

test('what does not fit is cut, and colours take no room', () => {
  const { table, written } = tableOn(3, 5);
  table.draw([`${ESC}[31m123456789${ESC}[39m`, 'two', 'three', 'four']);
  const [text = ''] = written;
  expect(text.slice(text.indexOf(`${ESC}[H`) + 3).split('\r\n')).toEqual([
    `${ESC}[31m12345${ESC}[39m${ESC}[K`,
    `two${ESC}[K`,
    `and 2${ESC}[K${ESC}[J`,
  ]);
});
