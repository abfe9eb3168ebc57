/** Three digits and a decimal unit: 1_968_000 is '1.97 MB'. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const rounded = Number(bytes.toPrecision(3)); // before the unit is chosen: 999,999 bytes are 1.00 MB
  const power = Math.min(units.length, Math.floor(Math.log10(rounded) / 3));
  return `${(rounded / 1000 ** power).toPrecision(3)} ${units[power - 1]}`;
}

/** A share of 1 as '12.34 %'. */
export function percentText(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** 12345 is '12,345'. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}
