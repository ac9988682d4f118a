"""The columns that the project knows of a user's own tables, and their headers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

__all__ = [
    "AMOUNTS",
    "CUSTOMERS",
    "SALE_LINES",
    "TABLES",
    "Column",
    "known",
    "likeness",
]


class Column(NamedTuple):
    """A column that the project knows, and the headers under which files have it.

    The words stand in the order in which they are preferred. `decimals` is None
    where no number is meant, otherwise how many the project keeps.
    """

    name: str
    words: str
    decimals: int | None = None


# Brutto and TTC are with tax, not before the discount: gross_amount lacks them.
SALE_LINES = (
    Column(
        "order_id",
        "order id, order number, order no, order nr, order, invoice id, invoice "
        "number, invoice no, invoice, receipt id, receipt number, receipt no, receipt, "
        "transaction id, transaction number, transaction no, basket id, Bestellnummer, "
        "Bestell Nr, Bestell ID, Bestellung, Auftragsnummer, Auftrags Nr, Auftrag, "
        "Rechnungsnummer, Rechnungs Nr, Rechnung, Belegnummer, Beleg Nr, Beleg, "
        "numéro de commande, n° commande, id commande, commande, numéro de facture, "
        "n° facture, facture, número de pedido, nº pedido, id pedido, pedido, número "
        "de factura, nº factura, factura",
    ),
    Column(
        "customer_id",
        "customer id, customer number, customer no, customer nr, customer code, "
        "customer key, client id, client number, client no, client code, account id, "
        "account number, buyer id, user id, member id, shopper id, household id, "
        "customer, client, Kundennummer, Kunden Nr, Kunden ID, Kunde, numéro de "
        "client, n° client, id client, code client, número de cliente, nº cliente, "
        "id cliente, código de cliente, cliente, customer email, email",
    ),
    Column(
        "sold_at",
        "sold at, sale date, sales date, date of sale, order date, ordered at, order "
        "datetime, order timestamp, invoice date, purchase date, date of purchase, "
        "purchased at, transaction date, transaction datetime, transaction time, "
        "transaction timestamp, receipt date, date, "
        "datetime, timestamp, created at, created, day, Bestelldatum, Kaufdatum, "
        "Verkaufsdatum, Rechnungsdatum, Auftragsdatum, Belegdatum, Buchungsdatum, "
        "Datum, date de commande, date de vente, date d'achat, date de facture, fecha "
        "de pedido, fecha de compra, fecha de venta, fecha de factura, fecha",
    ),
    Column(
        "product",
        "product, product name, product title, item, item name, article, article name, "
        "Produkt, Produktname, Artikel, Artikelname, Artikelbezeichnung, Bezeichnung, "
        "produit, nom du produit, désignation, producto, nombre del producto, "
        "artículo, product description, item description, description, Beschreibung, "
        "stock code, sku, product id, product code, product number, item id, item "
        "code, item number, article number, article no, Artikelnummer, Artikel Nr, "
        "Produktnummer, référence, référence produit, code article, código de producto",
    ),
    Column(
        "category",
        "category, product category, item category, category name, product type, "
        "Kategorie, Produktkategorie, Warengruppe, Artikelgruppe, Produktgruppe, "
        "catégorie, catégorie de produit, categoría, categoría de producto",
    ),
    Column(
        "country",
        "country, customer country, shipping country, billing country, country code, "
        "country name, Land, Lieferland, pays, país",
    ),
    Column(
        "channel",
        "channel, sales channel, order channel, Kanal, Vertriebskanal, Verkaufskanal, "
        "canal, canal de vente, canal de venta",
    ),
    Column(
        "quantity",
        "quantity, quantity sold, sold quantity, quantity ordered, order quantity, "
        "ordered quantity, ordered item quantity, boxes shipped, "
        "qty, units, units sold, number of units, pieces, Menge, Anzahl, Stückzahl, "
        "Stück, Stk, Absatz, quantité, quantité vendue, qté, cantidad, unidades",
        0,
    ),
    Column(
        "returned_quantity",
        "returned quantity, quantity returned, return quantity, returned units, "
        "returned item quantity, "
        "returned, Retourenmenge, Retourmenge, Retouren, quantité retournée, "
        "retours, cantidad devuelta, devoluciones",
        0,
    ),
    Column(
        "unit_price",
        "unit price, price per unit, price each, item price, sale price, selling "
        "price, price, Einzelpreis, Stückpreis, Verkaufspreis, Preis, prix unitaire, "
        "prix, precio unitario, precio",
        4,
    ),
    Column(
        "gross_amount",
        "gross amount, gross sales, gross revenue, gross total, gross, amount before "
        "discount, montant brut, importe bruto",
        2,
    ),
    Column(
        "discount_amount",
        "discount amount, total discount, discount value, discount, discounts, "
        "Rabattbetrag, "
        "Rabatt, Nachlass, montant de la remise, remise, importe de descuento, "
        "descuento",
        2,
    ),
    Column(
        "net_amount",
        "net amount, net sales, net revenue, net total, net, "
        "line total, line amount, item "
        "total, sales amount, total amount, amount, sales, sales value, revenue, "
        "total revenue, turnover, total price, total, subtotal, spend, Nettobetrag, "
        "Nettoumsatz, Netto, Umsatz, Betrag, Gesamtbetrag, Gesamtpreis, Summe, "
        "montant net, montant HT, montant, chiffre d'affaires, importe neto, importe, "
        "monto, ventas",
        2,
    ),
    Column(
        "unit_cost",
        "unit cost, cost per unit, item cost, cost price, cost, Stückkosten, "
        "Einstandspreis, Einkaufspreis, coût unitaire, prix d'achat, coste unitario, "
        "costo unitario, coste, costo",
        4,
    ),
)


AMOUNTS = ("unit_price", "gross_amount", "net_amount")


CUSTOMERS = (
    Column(
        "customer_id",
        SALE_LINES[1].words + ", id, household key, account",
    ),
    SALE_LINES[5],
    Column("gender", "gender, sex, Geschlecht, sexe, genre, sexo, género"),
    Column("age", "age, age in years, customer age, Alter, âge, edad", 0),
    Column(
        "age_band",
        "age band, age group, age range, age bracket, age desc, Altersgruppe, "
        "Altersklasse, tranche d'âge, grupo de edad, rango de edad, age, Alter, âge, "
        "edad",
    ),
    Column(
        "income",
        "income, annual income, yearly income, household income, Einkommen, "
        "Jahreseinkommen, revenu, revenu annuel, ingresos, ingresos anuales, renta",
        2,
    ),
    Column(
        "income_band",
        "income band, income group, income range, income bracket, income level, income "
        "desc, Einkommensgruppe, Einkommensklasse, tranche de revenu, rango de "
        "ingresos, income, annual income, Einkommen, revenu, ingresos",
    ),
    Column(
        "education",
        "education, education level, level of education, Bildung, Bildungsabschluss, "
        "Schulabschluss, niveau d'études, formation, educación, estudios",
    ),
    Column(
        "occupation",
        "occupation, profession, job, job title, Beruf, métier, profesión, ocupación",
    ),
    Column(
        "marital_status",
        "marital status, marital status code, Familienstand, état civil, situation "
        "familiale, estado civil",
    ),
    Column(
        "household_size",
        "household size, household size desc, family size, size of household, "
        "Haushaltsgröße, Personen im Haushalt, taille du foyer, taille du ménage, "
        "tamaño del hogar",
    ),
)


TABLES = {"sale_lines": SALE_LINES, "customers": CUSTOMERS}

# Words of a header that say nothing of its meaning, ...
_IDLE = frozenset(
    re.findall(r"\w+", "a d de del der des du el en eur euro gbp in l la le of the usd")
)
# ... and those after which a number is another one than its name says.
_SCALED = frozenset(
    re.findall(r"\w+", "k thousand thousands tsd rate percent percentage pct prozent")
)


def words_of(text: str) -> list[str]:
    """Split a header into plain words.

    Examples
    --------
    >>> words_of("InvoiceNo."), words_of("N° de commande"), words_of("Menge (Stück)")
    (['invoice', 'no'], ['no', 'commande'], ['menge', 'stuck'])
    """
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    text = text.replace("°", "o").replace("#", " no ").replace("%", " percent ")
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    words = re.findall(r"[^\W_]+", text)
    return [word for word in words if word not in _IDLE] or words


@cache
def _phrases(words: str) -> tuple[tuple[str, ...], ...]:
    phrases = []
    for phrase in re.split(r",\s+", words):
        phrases.append(tuple(words_of(phrase)))
        # As those write who have no umlauts at hand.
        for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
            phrase = phrase.replace(umlaut, plain)
        phrases.append(tuple(words_of(phrase)))
    return tuple(dict.fromkeys(phrases))


def likeness(header: str, column: Column) -> tuple[int, int, int] | None:
    """How a header fits a column: smaller is better, None where it does not."""
    words = words_of(header)
    if column.decimals is not None and not _SCALED.isdisjoint(words):
        return None
    phrases = _phrases(column.words)
    for rank, phrase in enumerate(phrases):
        if "".join(phrase) == "".join(words):
            return 0, rank, 0
    for rank, phrase in enumerate(phrases):
        # A single word would find the date of a birth, or the name of a customer.
        if len(phrase) > 1 and f" {' '.join(phrase)} " in f" {' '.join(words)} ":
            return 1, rank, len(words)
    return None


def known(headers: Sequence[str]) -> int:
    """How many headers have the words of a column."""
    return sum(
        any(likeness(header, column) for column in SALE_LINES + CUSTOMERS)
        for header in headers
    )
