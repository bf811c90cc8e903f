import { formatCount } from '../../lib/format.ts';
import { localRange, utcRange, whatIsMissing } from '../../store/recording-words.ts';
import { CopyButton } from '../copy-button.tsx';
import { usePage, usePageState } from '../page.ts';

/** What the recording is: when, where, of what, what its author says, and what is not in it. */
export function RecordingFacts() {
  const { time } = usePage();
  const recording = usePageState((state) => state.recording);
  const hello = usePageState((state) => state.hello);
  const isRedacted = usePageState((state) => state.isRedacted);
  if (recording === null || hello === null) return null;
  const { fromMs, toMs, hops, bytes, surveyed, damage, name, title, notes: remarks } = recording;
  const { notes = '', filter = '', redacted = false } = hello.recording ?? {};
  const account = time.source?.overview.account.read();
  const missing = surveyed < 1 || account === undefined ? [] : whatIsMissing(hello, account, damage);
  const facts: readonly (readonly [string, string])[] = [
    ['UTC', utcRange(fromMs, toMs)],
    ['local', localRange(fromMs, toMs)],
    ['host', `${hello.host.name}, Linux ${hello.host.kernel}`],
    ['filter', redacted || isRedacted ? 'not told' : filter || 'none: all that Hopscope sees by default'],
    ['file', `${isRedacted ? '' : `${name}, `}${formatCount(hops)} hops, ${formatCount(Math.ceil(bytes / 1000))} kB`],
  ];
  return (
    <section className="facts" aria-label="About this recording">
      {title !== '' && !isRedacted && <h2>{title}</h2>}
      <dl>
        {facts.map(([what, text]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              {text} <CopyButton text={text} what={what} />
            </dd>
          </div>
        ))}
      </dl>
      {remarks !== '' && !isRedacted && <p className="facts-notes">{remarks}</p>}
      {notes !== '' && <p className="facts-notes">{notes}</p>}
      <div className="facts-missing">
        {surveyed < 1 ? (
          <p className="hint">Looking through it: {Math.floor(surveyed * 100)} %</p>
        ) : missing.length === 0 ? (
          <p>
            <span className="mark-good">✓</span> Nothing is missing of what was traced.
          </p>
        ) : (
          <>
            <p>
              <span className="mark-bad">✕</span> Incomplete:
            </p>
            <ul>
              {missing.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </>
        )}
        {(redacted || isRedacted) && <p>Addresses and names are stand-ins.</p>}
      </div>
    </section>
  );
}
