// What is printed of whole exchanges: each as a tree, and the table of their paths at the end.
import { reportLines } from './report.ts';
import { exchangeTree } from './tree.ts';
import type { View, ViewContext } from './view.ts';

export function createTreeView(context: ViewContext): View {
  return {
    onExchange(exchange) {
      context.write(`${exchangeTree(exchange, context).join('\n')}\n`);
    },
  };
}

export function createReportView(context: ViewContext): View {
  return {
    onEnd() {
      const { statistics } = context;
      context.write(reportLines(statistics.paths(), statistics.forgotten, context).join('\n'));
    },
  };
}
