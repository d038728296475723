CREATE SCHEMA "odd schema";;
CREATE EXTENSION pgcrypto WITH SCHEMA public;;
CREATE EXTENSION citext WITH SCHEMA public;;
CREATE TYPE public.mood AS ENUM ('sad', 'it''s ok', 'happy');;
CREATE DOMAIN public.positive AS integer DEFAULT 1 CONSTRAINT more_than_none CHECK (VALUE > 0);;
CREATE TYPE public.pair AS (a integer, b text);;
CREATE TYPE public.floats AS RANGE (subtype = double precision, subtype_diff = float8mi);;
CREATE COLLATION public.no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);;
CREATE FUNCTION public.is_short(value text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT length(value) < 100 $$;;
CREATE TABLE public.teams (id integer GENERATED ALWAYS AS IDENTITY (START WITH 7 INCREMENT BY 3) PRIMARY KEY, name public.citext UNIQUE, gone text);;
ALTER TABLE public.teams DROP COLUMN gone;;
ALTER TABLE public.teams ADD COLUMN note text;;
CREATE TABLE public.people (
  id bigserial PRIMARY KEY,
  team integer NOT NULL REFERENCES public.teams (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  name text CONSTRAINT short_name CHECK (public.is_short(name)),
  mood public.mood DEFAULT 'happy',
  age public.positive,
  at timestamptz DEFAULT now(),
  parts public.pair,
  tags text[],
  data jsonb,
  raw bytea,
  price numeric(12,3),
  ratio double precision,
  span public.floats,
  took interval,
  upper_name text GENERATED ALWAYS AS (upper(name)) STORED,
  name_length integer GENERATED ALWAYS AS (length(name)) VIRTUAL,
  note text COLLATE public.no_case
) WITH (fillfactor = 80);;
ALTER TABLE public.people ALTER COLUMN data SET STORAGE EXTERNAL;;
ALTER TABLE public.people ALTER COLUMN name SET STATISTICS 300;;
CREATE FUNCTION public.people_named(wanted text) RETURNS SETOF public.people LANGUAGE sql AS $$ SELECT * FROM public.people WHERE name = wanted $$;;
CREATE FUNCTION public.people_of(wanted integer) RETURNS SETOF public.people LANGUAGE sql STABLE BEGIN ATOMIC SELECT * FROM public.people WHERE team = wanted; END;;
CREATE UNIQUE INDEX people_name ON public.people (lower(name)) WHERE age IS NOT NULL;;
CREATE INDEX people_data ON public.people USING gin (data jsonb_path_ops);;
CREATE STATISTICS public.people_both (dependencies) ON team, mood FROM public.people;;
INSERT INTO public.teams (name, note) VALUES ('Red', NULL), ('bLue', E'tab\there\nnew line "quoted" \\ back');;
INSERT INTO public.people (team, name, age, parts, tags, data, raw, price, ratio, span, took, note)
  SELECT 7 + 3 * (n % 2), 'name ' || n || ' 🚢', n, ROW(n, 'b,"' || n)::public.pair, ARRAY['x', NULL, 'y "z"'], jsonb_build_object('n', n, 'text', repeat('long', n % 50)),
    decode('00ff', 'hex'), n / 7.0, CASE n % 3 WHEN 0 THEN 'NaN' WHEN 1 THEN 0.1 + 0.2 ELSE '-Infinity' END::float8, public.floats(n, NULL), n * interval '1 day 2 hours', 'Note'
  FROM generate_series(1, 3000) AS n;;
DELETE FROM public.people WHERE id > 2990;;
CREATE SEQUENCE "odd schema"."a ""sequence""" AS smallint INCREMENT BY -2 MINVALUE -100 MAXVALUE 50 CYCLE;;
SELECT nextval('"odd schema"."a ""sequence"""');;
CREATE TABLE "odd schema"."Order's" ("select" integer, "berth row" text, CONSTRAINT "no overlap" EXCLUDE USING btree ("select" WITH =));;
INSERT INTO "odd schema"."Order's" VALUES (1, 'one'), (NULL, NULL);;
CREATE TABLE public.events (day date NOT NULL, kind text, amount integer, PRIMARY KEY (day, kind)) PARTITION BY RANGE (day);;
CREATE TABLE public.events_2025 PARTITION OF public.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (kind);;
CREATE TABLE public.events_2025_a PARTITION OF public.events_2025 FOR VALUES IN ('a');;
CREATE TABLE public.events_rest PARTITION OF public.events DEFAULT;;
CREATE INDEX events_amount ON public.events (amount);;
ALTER TABLE public.events ADD CONSTRAINT some_amount CHECK (amount > 0);;
INSERT INTO public.events VALUES ('2025-03-01', 'a', 1), ('2027-03-01', 'b', 2);;
CREATE TABLE public.animals (name text NOT NULL);;
CREATE TABLE public.dogs (breed text) INHERITS (public.animals);;
INSERT INTO public.dogs VALUES ('Rex', 'terrier');;
CREATE UNLOGGED TABLE public.cache (key text PRIMARY KEY, value bytea);;
CREATE VIEW public.adults WITH (security_barrier = true) AS SELECT id, name FROM public.people WHERE age > 18 WITH LOCAL CHECK OPTION;;
CREATE VIEW public.by_team AS SELECT t.id, t.name, count(*) AS members FROM public.teams AS t JOIN public.people AS p ON p.team = t.id GROUP BY t.id;;
CREATE MATERIALIZED VIEW public.totals AS SELECT team, count(*) AS count FROM public.people GROUP BY team;;
CREATE UNIQUE INDEX totals_team ON public.totals (team);;
CREATE MATERIALIZED VIEW public.empty_totals AS SELECT * FROM public.totals WITH NO DATA;;
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;;
CREATE TRIGGER touched BEFORE UPDATE ON public.people FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION public.touch();;
CREATE TRIGGER off_trigger AFTER INSERT ON public.teams FOR EACH STATEMENT EXECUTE FUNCTION public.touch();;
ALTER TABLE public.teams DISABLE TRIGGER off_trigger;;
CREATE RULE no_delete AS ON DELETE TO public.animals DO INSTEAD NOTHING;;
CREATE POLICY own ON public.people AS RESTRICTIVE FOR SELECT TO PUBLIC USING (team > 0);;
ALTER TABLE public.people ENABLE ROW LEVEL SECURITY;;
CREATE PROCEDURE public.nothing(INOUT a integer DEFAULT 3) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; END $$;;
COMMENT ON TABLE public.people IS 'Who''s who';;
COMMENT ON COLUMN public.people.name IS 'Their name';;
COMMENT ON FUNCTION public.is_short(text) IS 'Says so';;
COMMENT ON CONSTRAINT short_name ON public.people IS 'Short';;
GRANT SELECT ON public.people TO PUBLIC;;
GRANT UPDATE (name) ON public.people TO PUBLIC;;
REVOKE EXECUTE ON FUNCTION public.is_short(text) FROM PUBLIC;;
SELECT lo_from_bytea(0, decode(repeat('00ff10', 400000), 'hex'));;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path TO "$user", public, "odd schema"', current_database()); END $$;;
