/** Where a position is, by keys of the gazetteer: ISO 3166-1 alpha-2 of countries and territories, GeoNames' numbers of towns. */
export interface FoundPlace {
  country: string | null
  town: string | null
  /** The larger town that the town is a part of, or lies right beside. */
  city: string | null
}

/** What a key stands for. */
export interface PlaceNames {
  key: string
  /** As GeoNames writes it, which of large towns is the English name; of countries the English one. */
  name: string
  /** In other languages and scripts, without the one above. */
  others: string[]
  /** What only a filter finds, for as a word it is another: `PT`, `LIS`. */
  codes: string[]
}
