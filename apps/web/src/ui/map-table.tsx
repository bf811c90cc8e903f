import { useEffect, useMemo, useRef } from 'react';
import { mapTables, type MapTable as Table } from '../graph/map-rows.ts';
import { CopyButton } from './copy-button.tsx';
import { usePage, usePageState } from './page.ts';

/** The map as tables. */
export function MapTable() {
  const { actions } = usePage();
  const topology = usePageState((state) => state.topology);
  const names = usePageState((state) => state.names);
  const tables = useMemo(() => mapTables(topology, names.namespace), [topology, names]);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  return (
    <dialog
      className="help map-tables"
      ref={dialog}
      onClose={() => actions.showTable(false)}
      aria-label="The map as tables"
    >
      {tables.map((table) => (
        <TableOf key={table.caption} table={table} />
      ))}
      <form method="dialog">
        <button type="submit" className="button">
          Close
        </button>
      </form>
    </dialog>
  );
}

function TableOf({ table: { caption, columns, rows } }: { table: Table }) {
  const text = [columns, ...rows].map((row) => row.join('\t')).join('\n');
  return (
    <div>
      <div className="map-tables-head">
        <h2>{caption}</h2>
        <CopyButton text={text} what={`${caption} as text`} />
      </div>
      {/* Reached by key, so that it can be scrolled. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable without a mouse */}
      <section className="map-tables-scroll" tabIndex={0} aria-label={`${caption}, table`}>
        <table>
          <caption className="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.join()}>
                {row.map((cell, i) => (
                  <td key={columns[i]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}
