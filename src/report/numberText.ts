/** A share in percent, with two decimals. */
export function percentText(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** A number with three significant digits. */
export function shortText(value: number): string {
  return value === 0 ? '0' : value.toPrecision(3);
}
