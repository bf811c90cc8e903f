import { Pause, Play, Repeat, SkipBack } from 'lucide-react';
import { useEffect, useState } from 'react';
import { usePage, usePageState } from '../page.ts';

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 50] as const;
/** What is written on it changes with the moment. */
const REFRESH_MS = 200;

/** Plays the recording that is shown: all of it lies on the timeline below. */
export function PlayerBar() {
  const { store, time } = usePage();
  const isPaused = usePageState((state) => state.isPaused);
  const isOver = usePageState(({ moment, recording }) => moment !== null && recording !== null && time.isOver);
  const isStill = isPaused || isOver;
  const speed = usePageState((state) => state.speed);
  const isRepeating = usePageState((state) => state.isRepeating);
  return (
    <span className="player" role="toolbar" aria-label="Playing the recording">
      <button
        type="button"
        onClick={() => time.seek(time.held?.fromMs ?? 0)}
        title="To the start of the recording"
        aria-label="To the start"
      >
        <SkipBack size={14} />
      </button>
      <button
        type="button"
        className="player-play"
        onClick={() => time.setPaused(!isStill)}
        title={isOver ? 'Play it again' : `${isPaused ? 'Play' : 'Stay at this moment'} (space)`}
        aria-label={isStill ? 'Play the recording' : 'Pause the recording'}
      >
        {isStill ? <Play size={14} /> : <Pause size={14} />}
      </button>
      <Position />
      <label>
        <span className="player-label">speed</span>
        <select
          value={speed}
          onChange={(event) => store.setState({ speed: Number(event.target.value) })}
          aria-label="Speed of the recording"
        >
          {[...new Set([...SPEEDS, speed])]
            .sort((a, b) => a - b)
            .map((each) => (
              <option key={each} value={each}>
                ×{each}
              </option>
            ))}
        </select>
      </label>
      <button
        type="button"
        aria-pressed={isRepeating}
        onClick={() => store.setState({ isRepeating: !isRepeating })}
        title="Begin anew at the end"
        aria-label="Repeat the recording"
      >
        <Repeat size={14} />
      </button>
    </span>
  );
}

/** `0:12.4 / 1:30.0` */
function Position() {
  const { time } = usePage();
  const [text, setText] = useState('');
  useEffect(() => {
    const show = (): void => {
      const { held, atMs } = time;
      if (held !== null) setText(`${offset((atMs ?? held.fromMs) - held.fromMs)} / ${offset(held.toMs - held.fromMs)}`);
    };
    show();
    const timer = setInterval(show, REFRESH_MS);
    return () => clearInterval(timer);
  }, [time]);
  return <span className="player-position">{text}</span>;
}

function offset(ms: number): string {
  const tenths = Math.round(ms / 100);
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60];
  const seconds = ((tenths % 600) / 10).toFixed(1);
  return `${hours === 0 ? minutes : `${hours}:${String(minutes).padStart(2, '0')}`}:${seconds.padStart(4, '0')}`;
}
