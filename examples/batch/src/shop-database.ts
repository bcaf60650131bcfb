import { setTimeout as sleep } from 'node:timers/promises'

export interface Product {
  readonly id: number
  readonly name: string
  readonly price: number
}

const NAMES = ['Anvil', 'Bellows', 'Compass', 'Drill', 'Easel', 'Funnel', 'Gimlet', 'Hammer']

/** Stands for a database of a hundred products, and notes its queries. */
export class ShopDatabase {
  readonly queries: string[] = []

  async findProduct(id: number): Promise<Product | undefined> {
    return (await this.#select(`id = ${id}`, [id]))[0]
  }

  async findProducts(ids: readonly number[]): Promise<Product[]> {
    const shown = ids.length > 6 ? `${ids.slice(0, 3).join(', ')}, … ${ids.at(-1)}` : ids.join(', ')
    return this.#select(`id IN (${shown})`, ids)
  }

  async #select(where: string, ids: readonly number[]): Promise<Product[]> {
    this.queries.push(`SELECT * FROM products WHERE ${where}`)
    await sleep(20)
    return ids.filter(id => id <= 100).map(productOf)
  }
}

function productOf(id: number): Product {
  return { id, name: `${NAMES[id % NAMES.length]} ${id}`, price: id * 5 }
}
