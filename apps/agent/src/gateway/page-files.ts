// The built page's folder becomes the working directory while we may still enter it.
import { accessSync, constants } from 'node:fs';
import { EXIT, Failure } from '../lib/failure.ts';

/** Call while privileged. @throws Failure when the page is not built */
export function enterPageFolder(folder: string): void {
  try {
    process.chdir(folder);
    accessSync('index.html', constants.F_OK);
  } catch (error) {
    throw new Failure(EXIT.failure, `the page is not built (no index.html in ${folder}): run npm run build`, {
      cause: error,
    });
  }
}

/** Call after the privileges are gone. @throws Failure when the files are not for everybody */
export function requireReadablePage(folder: string, user: string): void {
  try {
    accessSync('index.html', constants.R_OK);
  } catch (error) {
    throw new Failure(
      EXIT.failure,
      `the web server runs as ${user}, who may not read the page: chmod -R a+rX ${folder}`,
      {
        cause: error,
      },
    );
  }
}
