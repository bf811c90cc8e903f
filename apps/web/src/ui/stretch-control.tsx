import { formatCount, formatDuration } from '../lib/format.ts';
import { nearestStretch, STRETCHES, secondShowsNs } from '../lib/stretch.ts';
import { usePage, usePageState } from './page.ts';
import { Popover } from './popover.tsx';

export function StretchControl() {
  const { actions } = usePage();
  const stretch = usePageState((state) => state.stretch);
  const isAuto = usePageState((state) => state.isStretchAuto);
  const shows = formatDuration(secondShowsNs(stretch));
  const label = (
    <span>
      1&nbsp;s shows <b>{shows}</b>
      <span className="chip-more"> · ×{formatCount(stretch)} slower</span>
    </span>
  );
  return (
    <Popover
      label={label}
      className="chip chip-button"
      title="How much slower than in the kernel packets move ([ and ])"
    >
      <label className="field-label" htmlFor="stretch">
        Slow motion
      </label>
      <p className="stretch-text">
        One second on the page shows <b>{shows}</b> in the kernel: ×{formatCount(stretch)} slower.
      </p>
      <input
        id="stretch"
        type="range"
        min={0}
        max={STRETCHES.length - 1}
        step={1}
        value={STRETCHES.indexOf(nearestStretch(stretch))}
        aria-valuetext={`${formatCount(stretch)} times slower`}
        onChange={(event) => actions.setStretch(STRETCHES[event.target.valueAsNumber] ?? stretch)}
      />
      <div className="range-ends">
        <span>×1</span>
        <span>×1,000,000</span>
      </div>
      <label className="checkbox">
        <input type="checkbox" checked={isAuto} onChange={(event) => actions.setStretchAuto(event.target.checked)} />
        Choose so that a typical exchange takes about three seconds
      </label>
      <p className="hint">
        Proportions are true. Only a wait of many seconds is passed over quickly, and then it says so.
      </p>
    </Popover>
  );
}
