import { useEffect, useRef } from 'react';
import { KEYS } from './keys.ts';

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  return (
    <dialog className="help" ref={dialog} onClose={onClose} aria-labelledby="help-title">
      <h2 id="help-title">Reading the map</h2>
      <p>
        Every dot is a packet that the kernel of this machine really moved, on the devices it really crossed, slowed
        down so that you can follow it: <b className="legend-request">● request</b>,{' '}
        <b className="legend-request">■ UDP or TCP packet</b>, <b className="legend-reply">◆ reply</b>,{' '}
        <b className="legend-error">▲ error</b>, <b className="legend-drop">✕ dropped</b>. Boxes are network namespaces,
        bars are bridges, lines are wires; a veth pair is one wire through a namespace’s wall.
      </p>
      <h2>Keys</h2>
      <dl className="keys">
        {KEYS.map(({ shown, does }) => (
          <div key={does}>
            <dt>
              {shown.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" className="button">
          Close
        </button>
      </form>
    </dialog>
  );
}
