/** The items of the last so many hours, oldest first. Rows of 15 minutes and more keep it short. */
export interface Recent<Item> {
  readonly push: (item: Item) => readonly Item[];
}

export function recent<Item extends { readonly startMs: number; readonly endMs: number }>(
  spanMs: number,
): Recent<Item> {
  const items: Item[] = [];
  return {
    push: (item) => {
      items.push(item);
      while (items[0] !== undefined && items[0].startMs < item.endMs - spanMs) items.shift();
      return items;
    },
  };
}

/** Hours that items cover. */
export function hoursOf(
  items: readonly { readonly startMs: number; readonly endMs: number }[],
): number {
  return items.reduce((hours, item) => hours + (item.endMs - item.startMs) / 3_600_000, 0);
}

/** Share of the hours in which something holds; 0 of none. */
export function shareOf<Item extends { readonly startMs: number; readonly endMs: number }>(
  items: readonly Item[],
  holds: (item: Item) => boolean,
): number {
  const hours = hoursOf(items);
  return hours === 0 ? 0 : hoursOf(items.filter(holds)) / hours;
}
