// The display filter that is applied: which exchanges are shown, in the list, in the statistics and on the map.
import { type DisplayFilter, type Exchange, parseFilter, type SubjectNames } from '@hopscope/model';

export interface Filtering {
  /** Empty: everything is shown. Answers whether it could be applied; one with an error changes nothing. */
  set(text: string): boolean;
  /** Names of namespaces changed. */
  setNames(names: SubjectNames): void;
  passes(exchange: Exchange): boolean;
  readonly isOn: boolean;
  /** Changes whenever another answer is possible. */
  readonly version: number;
}

export function createFiltering(names: SubjectNames): Filtering {
  let matches: DisplayFilter | null = null;
  let known = names;
  let version = 0;
  /** An exchange that did not change is the same object. */
  let answers = new WeakMap<Exchange, boolean>();

  function forget(): void {
    answers = new WeakMap();
    version++;
  }

  return {
    set(text) {
      const parsed = parseFilter(text);
      if (!parsed.ok) return false;
      matches = text.trim() === '' ? null : parsed.matches;
      forget();
      return true;
    },
    setNames(next) {
      known = next;
      if (matches !== null) forget();
    },
    passes(exchange) {
      if (matches === null) return true;
      let answer = answers.get(exchange);
      if (answer === undefined) {
        answer = matches({ exchange, ...known });
        answers.set(exchange, answer);
      }
      return answer;
    },
    get isOn() {
      return matches !== null;
    },
    get version() {
      return version;
    },
  };
}
