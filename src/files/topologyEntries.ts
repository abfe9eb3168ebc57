/**
 * The entries of an object by the names under which tfjs reads them: `inbound_nodes` and `inbound__nodes` become
 * `inboundNodes`.
 */
export function tfjsEntries(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null) return {};
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key.replace(/_+(\w|$)/g, (_match, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
