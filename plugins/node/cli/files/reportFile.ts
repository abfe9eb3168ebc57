import {writeFile} from 'node:fs/promises';
import type {Compression} from 'tfjs-compress';
import {importInstalled} from '../startBackend.ts';

/** Writes the page of a compression. */
export type PageWriter = (compression: Compression, path: string, title: string) => Promise<void>;

/**
 * What writes pages, loaded before the work begins.
 * @throws Failure that names the package to install
 */
export async function pageWriter(): Promise<PageWriter> {
  await importInstalled('@observablehq/plot', () => import('@observablehq/plot'));
  const {parseHTML} = await importInstalled('linkedom', () => import('linkedom'));
  const {reportPage} = await import('tfjs-compress/plugins/vis');
  return async (compression, path, title) => {
    const {document} = parseHTML('<!doctype html><html><head></head><body></body></html>');
    await writeFile(path, await reportPage(compression, {document, title}), {flush: true});
  };
}
