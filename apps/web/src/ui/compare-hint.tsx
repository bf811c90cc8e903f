import { usePage, usePageState } from './page.ts';

/** While the other exchange is being chosen. */
export function CompareHint() {
  const { actions } = usePage();
  const isChoosing = usePageState((state) => state.compare === 'choosing');
  if (!isChoosing) return null;
  return (
    <p className="compare-hint" role="status">
      Choose the exchange to compare this one with, in the list above.
      <button type="button" className="button" onClick={actions.endCompare}>
        Cancel
      </button>
    </p>
  );
}
