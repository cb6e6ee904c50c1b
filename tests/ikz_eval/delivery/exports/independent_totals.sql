-- Totals of the real exports, derived with another tool (DuckDB's SQL) than the parser under test: per product, block,
-- period and kind, amounts positive in the block's normal direction. Run by test_real_exports.py with :folder replaced.

CREATE MACRO german(written) AS CAST(replace(replace(written, '.', ''), ',', '.') AS DECIMAL(18, 2));

CREATE MACRO numbered(account) AS CASE
  WHEN account LIKE '448%' THEN 'reimbursements' WHEN account LIKE '5241%' THEN 'rooms'
  WHEN account LIKE '5422%' THEN 'rooms'
  ELSE CASE substr(account, 1, 2)
    WHEN '40' THEN 'taxes' WHEN '41' THEN 'grants' WHEN '42' THEN 'other_revenue' WHEN '43' THEN 'fee_revenue'
    WHEN '44' THEN 'other_revenue' WHEN '45' THEN 'other_revenue' WHEN '46' THEN 'finance_revenue'
    WHEN '47' THEN 'other_revenue' WHEN '48' THEN 'internal_revenue' WHEN '49' THEN 'extraordinary_revenue'
    WHEN '50' THEN 'personnel' WHEN '51' THEN 'personnel' WHEN '52' THEN 'material' WHEN '53' THEN 'transfers'
    WHEN '54' THEN 'material' WHEN '55' THEN 'finance' WHEN '56' THEN 'finance' WHEN '57' THEN 'depreciation'
    WHEN '58' THEN 'internal_services' WHEN '59' THEN 'extraordinary' WHEN '68' THEN 'investment_received'
    WHEN '69' THEN 'finance_received' WHEN '72' THEN 'cash_paid' WHEN '73' THEN 'cash_paid' WHEN '74' THEN 'cash_paid'
    WHEN '78' THEN 'investment_paid' WHEN '79' THEN 'finance_paid' WHEN '97' THEN 'cost_accounting'
    WHEN '98' THEN 'cost_accounting' ELSE 'unassigned' END
END;

CREATE MACRO came_in(account) AS account LIKE '4%' OR account LIKE '68%' OR account LIKE '69%';

CREATE VIEW wesel_sap AS
WITH lines AS (
  SELECT * FROM read_csv(':folder/wesel_hhplan2017.csv', delim = ';', header = true, all_varchar = true, encoding = 'latin-1')
), long AS (
  UNPIVOT lines ON "Ist 2015", "Ist 2016", "Plan 2016", "Plan 2017", "VE 2018", "Plan 2018", "Plan 2019", "Plan 2020",
    "Plan 2021", "Plan 2022" INTO NAME heading VALUE written
)
SELECT "Objektnr." AS product, numbered("Kostenart") AS block, split_part(heading, ' ', 2) AS period,
  CASE split_part(heading, ' ', 1) WHEN 'Ist' THEN 'actual' WHEN 'VE' THEN 'commitment' ELSE 'plan' END AS kind,
  sum(CASE WHEN came_in("Kostenart") THEN -german(written) ELSE german(written) END) AS amount
FROM long WHERE "Kostenart" IS NOT NULL GROUP BY ALL;

CREATE VIEW freiburg_ergebnishaushalt AS
WITH lines AS (
  SELECT * FROM read_csv(':folder/freiburg_ergebnishaushalt_2017_2018.csv', delim = ';', header = true,
    all_varchar = true, encoding = 'latin-1')
), long AS (
  UNPIVOT lines ON COLUMNS('.*(Erträge|Aufwendungen)\)$') INTO NAME heading VALUE written
)
SELECT "Produkt" AS product, CASE WHEN heading LIKE '%(Erträge)' THEN 'revenue' ELSE 'expense' END AS block,
  regexp_extract(heading, '\d{4}') AS period, CASE WHEN heading LIKE 'Ergebnis%' THEN 'actual' ELSE 'plan' END AS kind,
  sum(CASE WHEN heading LIKE '%(Erträge)' THEN german(written) ELSE -german(written) END) AS amount
FROM long WHERE heading NOT LIKE '%Saldo%' GROUP BY ALL;

CREATE VIEW krefeld_havis AS
SELECT "Admin Class 1 Level Unique Identifier" || "Admin Class 2 Level Unique Identifier Partial" AS product,
  numbered("Admin Class 4 Level Unique Identifier Partial") AS block, "Date" AS period,
  CASE "Amount Kind" WHEN 'IST' THEN 'actual' ELSE 'plan' END AS kind,
  sum(CASE WHEN ("Budget Direction" = 'Einnahme') = came_in("Admin Class 4 Level Unique Identifier Partial")
    THEN CAST("Amount" AS DECIMAL(18, 2)) ELSE -CAST("Amount" AS DECIMAL(18, 2)) END) AS amount
FROM read_csv(':folder/krefeld_havis_2019.csv', delim = ',', header = true, all_varchar = true, encoding = 'latin-1')
GROUP BY ALL;

-- The names of accounts are classified by a long list of words; here the totals per product and direction are compared.
CREATE VIEW rlp_haushalt AS
SELECT trim("Produkt") AS product, CASE "Budgetrichtung" WHEN 'Ertrag' THEN 'revenue' ELSE 'expense' END AS block,
  "Haushaltsjahr" AS period, 'plan' AS kind, sum(german("Ansatz")) AS amount
FROM read_csv(':folder/:file', delim = ';', header = true, all_varchar = true, encoding = 'latin-1') GROUP BY ALL;
