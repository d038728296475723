--
-- PostgreSQL database dump
--

\restrict 7YE1XWEvvBC62pId9PbsjBbLsnsmqaK1omp3yQqwqNQfiOji87hBU8Fbz0IwgKb

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: app; Type: SCHEMA; Schema: -; Owner: shop
--

CREATE SCHEMA app;


ALTER SCHEMA app OWNER TO shop;

--
-- Name: odd; schema; Type: SCHEMA; Schema: -; Owner: shop
--

CREATE SCHEMA "odd; schema";


ALTER SCHEMA "odd; schema" OWNER TO shop;

--
-- Name: citext; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;


--
-- Name: EXTENSION citext; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION citext IS 'data type for case-insensitive character strings';


--
-- Name: pgcrypto; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;


--
-- Name: EXTENSION pgcrypto; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';


--
-- Name: mood; Type: TYPE; Schema: app; Owner: shop
--

CREATE TYPE app.mood AS ENUM (
    'sad',
    'it''s ok; really'
);


ALTER TYPE app.mood OWNER TO shop;

--
-- Name: both(integer, integer); Type: FUNCTION; Schema: app; Owner: shop
--

CREATE FUNCTION app."both"(a integer, b integer) RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (a > b) THEN a
             ELSE b
         END AS b;
 SELECT (a + b);
END;


ALTER FUNCTION app."both"(a integer, b integer) OWNER TO shop;

--
-- Name: touch(); Type: FUNCTION; Schema: app; Owner: shop
--

CREATE FUNCTION app.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$ BEGIN NEW.note := coalesce(NEW.note, $$;$$ || E'it\'s;'); /* ; */ RETURN NEW; END $_$;


ALTER FUNCTION app.touch() OWNER TO shop;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: orders; Type: TABLE; Schema: public; Owner: shop
--

CREATE TABLE public.orders (
    id integer NOT NULL,
    person bigint NOT NULL,
    note text,
    CONSTRAINT "it's; some" CHECK ((note <> ''::text))
);


ALTER TABLE public.orders OWNER TO shop;

--
-- Name: of_one; Type: MATERIALIZED VIEW; Schema: app; Owner: shop
--

CREATE MATERIALIZED VIEW app.of_one AS
 SELECT orders.id,
    orders.person,
    orders.note
   FROM public.orders
  WHERE (orders.person = 1)
  WITH NO DATA;


ALTER TABLE app.of_one OWNER TO shop;

--
-- Name: people; Type: TABLE; Schema: app; Owner: shop
--

CREATE TABLE app.people (
    id bigint NOT NULL,
    name public.citext,
    upper text GENERATED ALWAYS AS (upper((name)::text)) STORED,
    mood app.mood DEFAULT 'sad'::app.mood
);


ALTER TABLE app.people OWNER TO shop;

--
-- Name: people_id_seq; Type: SEQUENCE; Schema: app; Owner: shop
--

CREATE SEQUENCE app.people_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE app.people_id_seq OWNER TO shop;

--
-- Name: people_id_seq; Type: SEQUENCE OWNED BY; Schema: app; Owner: shop
--

ALTER SEQUENCE app.people_id_seq OWNED BY app.people.id;


--
-- Name: a "sequence; Type: SEQUENCE; Schema: odd; schema; Owner: shop
--

CREATE SEQUENCE "odd; schema"."a ""sequence"
    START WITH 40
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE "odd; schema"."a ""sequence" OWNER TO shop;

--
-- Name: orders_id_seq; Type: SEQUENCE; Schema: public; Owner: shop
--

ALTER TABLE public.orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.orders_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: people id; Type: DEFAULT; Schema: app; Owner: shop
--

ALTER TABLE ONLY app.people ALTER COLUMN id SET DEFAULT nextval('app.people_id_seq'::regclass);


--
-- Name: 4711; Type: BLOB; Schema: -; Owner: shop
--

SELECT pg_catalog.lo_create('4711');


ALTER LARGE OBJECT 4711 OWNER TO shop;

--
-- Name: LARGE OBJECT 4711; Type: COMMENT; Schema: -; Owner: shop
--

COMMENT ON LARGE OBJECT 4711 IS 'it''s; large';


--
-- Data for Name: people; Type: TABLE DATA; Schema: app; Owner: shop
--

COPY app.people (id, name, mood) FROM stdin;
1	person 1	sad
2	person 2	sad
3	person 3	sad
4	person 4	sad
5	person 5	sad
6	person 6	sad
7	person 7	sad
8	person 8	sad
9	person 9	sad
10	person 10	sad
11	person 11	sad
12	person 12	sad
13	person 13	sad
14	person 14	sad
15	person 15	sad
16	person 16	sad
17	person 17	sad
18	person 18	sad
19	person 19	sad
20	person 20	sad
\.


--
-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: shop
--

COPY public.orders (id, person, note) FROM stdin;
1	2	note; \\ 1\n\\.\ttab
2	3	note; \\ 2\n\\.\ttab
3	4	note; \\ 3\n\\.\ttab
4	5	note; \\ 4\n\\.\ttab
5	6	note; \\ 5\n\\.\ttab
6	7	note; \\ 6\n\\.\ttab
7	8	note; \\ 7\n\\.\ttab
8	9	note; \\ 8\n\\.\ttab
9	10	note; \\ 9\n\\.\ttab
10	11	note; \\ 10\n\\.\ttab
11	12	note; \\ 11\n\\.\ttab
12	13	note; \\ 12\n\\.\ttab
13	14	note; \\ 13\n\\.\ttab
14	15	note; \\ 14\n\\.\ttab
15	16	note; \\ 15\n\\.\ttab
16	17	note; \\ 16\n\\.\ttab
17	18	note; \\ 17\n\\.\ttab
18	19	note; \\ 18\n\\.\ttab
19	20	note; \\ 19\n\\.\ttab
20	1	note; \\ 20\n\\.\ttab
21	2	note; \\ 21\n\\.\ttab
22	3	note; \\ 22\n\\.\ttab
23	4	note; \\ 23\n\\.\ttab
24	5	note; \\ 24\n\\.\ttab
25	6	note; \\ 25\n\\.\ttab
26	7	note; \\ 26\n\\.\ttab
27	8	note; \\ 27\n\\.\ttab
28	9	note; \\ 28\n\\.\ttab
29	10	note; \\ 29\n\\.\ttab
30	11	note; \\ 30\n\\.\ttab
31	12	note; \\ 31\n\\.\ttab
32	13	note; \\ 32\n\\.\ttab
33	14	note; \\ 33\n\\.\ttab
34	15	note; \\ 34\n\\.\ttab
35	16	note; \\ 35\n\\.\ttab
36	17	note; \\ 36\n\\.\ttab
37	18	note; \\ 37\n\\.\ttab
38	19	note; \\ 38\n\\.\ttab
39	20	note; \\ 39\n\\.\ttab
40	1	note; \\ 40\n\\.\ttab
41	2	note; \\ 41\n\\.\ttab
42	3	note; \\ 42\n\\.\ttab
43	4	note; \\ 43\n\\.\ttab
44	5	note; \\ 44\n\\.\ttab
45	6	note; \\ 45\n\\.\ttab
46	7	note; \\ 46\n\\.\ttab
47	8	note; \\ 47\n\\.\ttab
48	9	note; \\ 48\n\\.\ttab
49	10	note; \\ 49\n\\.\ttab
50	11	note; \\ 50\n\\.\ttab
51	12	note; \\ 51\n\\.\ttab
52	13	note; \\ 52\n\\.\ttab
53	14	note; \\ 53\n\\.\ttab
54	15	note; \\ 54\n\\.\ttab
55	16	note; \\ 55\n\\.\ttab
56	17	note; \\ 56\n\\.\ttab
57	18	note; \\ 57\n\\.\ttab
58	19	note; \\ 58\n\\.\ttab
59	20	note; \\ 59\n\\.\ttab
60	1	note; \\ 60\n\\.\ttab
61	2	note; \\ 61\n\\.\ttab
62	3	note; \\ 62\n\\.\ttab
63	4	note; \\ 63\n\\.\ttab
64	5	note; \\ 64\n\\.\ttab
65	6	note; \\ 65\n\\.\ttab
66	7	note; \\ 66\n\\.\ttab
67	8	note; \\ 67\n\\.\ttab
68	9	note; \\ 68\n\\.\ttab
69	10	note; \\ 69\n\\.\ttab
70	11	note; \\ 70\n\\.\ttab
71	12	note; \\ 71\n\\.\ttab
72	13	note; \\ 72\n\\.\ttab
73	14	note; \\ 73\n\\.\ttab
74	15	note; \\ 74\n\\.\ttab
75	16	note; \\ 75\n\\.\ttab
76	17	note; \\ 76\n\\.\ttab
77	18	note; \\ 77\n\\.\ttab
78	19	note; \\ 78\n\\.\ttab
79	20	note; \\ 79\n\\.\ttab
80	1	note; \\ 80\n\\.\ttab
81	2	note; \\ 81\n\\.\ttab
82	3	note; \\ 82\n\\.\ttab
83	4	note; \\ 83\n\\.\ttab
84	5	note; \\ 84\n\\.\ttab
85	6	note; \\ 85\n\\.\ttab
86	7	note; \\ 86\n\\.\ttab
87	8	note; \\ 87\n\\.\ttab
88	9	note; \\ 88\n\\.\ttab
89	10	note; \\ 89\n\\.\ttab
90	11	note; \\ 90\n\\.\ttab
91	12	note; \\ 91\n\\.\ttab
92	13	note; \\ 92\n\\.\ttab
93	14	note; \\ 93\n\\.\ttab
94	15	note; \\ 94\n\\.\ttab
95	16	note; \\ 95\n\\.\ttab
96	17	note; \\ 96\n\\.\ttab
97	18	note; \\ 97\n\\.\ttab
98	19	note; \\ 98\n\\.\ttab
99	20	note; \\ 99\n\\.\ttab
100	1	note; \\ 100\n\\.\ttab
101	2	note; \\ 101\n\\.\ttab
102	3	note; \\ 102\n\\.\ttab
103	4	note; \\ 103\n\\.\ttab
104	5	note; \\ 104\n\\.\ttab
105	6	note; \\ 105\n\\.\ttab
106	7	note; \\ 106\n\\.\ttab
107	8	note; \\ 107\n\\.\ttab
108	9	note; \\ 108\n\\.\ttab
109	10	note; \\ 109\n\\.\ttab
110	11	note; \\ 110\n\\.\ttab
111	12	note; \\ 111\n\\.\ttab
112	13	note; \\ 112\n\\.\ttab
113	14	note; \\ 113\n\\.\ttab
114	15	note; \\ 114\n\\.\ttab
115	16	note; \\ 115\n\\.\ttab
116	17	note; \\ 116\n\\.\ttab
117	18	note; \\ 117\n\\.\ttab
118	19	note; \\ 118\n\\.\ttab
119	20	note; \\ 119\n\\.\ttab
120	1	note; \\ 120\n\\.\ttab
121	2	note; \\ 121\n\\.\ttab
122	3	note; \\ 122\n\\.\ttab
123	4	note; \\ 123\n\\.\ttab
124	5	note; \\ 124\n\\.\ttab
125	6	note; \\ 125\n\\.\ttab
126	7	note; \\ 126\n\\.\ttab
127	8	note; \\ 127\n\\.\ttab
128	9	note; \\ 128\n\\.\ttab
129	10	note; \\ 129\n\\.\ttab
130	11	note; \\ 130\n\\.\ttab
131	12	note; \\ 131\n\\.\ttab
132	13	note; \\ 132\n\\.\ttab
133	14	note; \\ 133\n\\.\ttab
134	15	note; \\ 134\n\\.\ttab
135	16	note; \\ 135\n\\.\ttab
136	17	note; \\ 136\n\\.\ttab
137	18	note; \\ 137\n\\.\ttab
138	19	note; \\ 138\n\\.\ttab
139	20	note; \\ 139\n\\.\ttab
140	1	note; \\ 140\n\\.\ttab
141	2	note; \\ 141\n\\.\ttab
142	3	note; \\ 142\n\\.\ttab
143	4	note; \\ 143\n\\.\ttab
144	5	note; \\ 144\n\\.\ttab
145	6	note; \\ 145\n\\.\ttab
146	7	note; \\ 146\n\\.\ttab
147	8	note; \\ 147\n\\.\ttab
148	9	note; \\ 148\n\\.\ttab
149	10	note; \\ 149\n\\.\ttab
150	11	note; \\ 150\n\\.\ttab
151	12	note; \\ 151\n\\.\ttab
152	13	note; \\ 152\n\\.\ttab
153	14	note; \\ 153\n\\.\ttab
154	15	note; \\ 154\n\\.\ttab
155	16	note; \\ 155\n\\.\ttab
156	17	note; \\ 156\n\\.\ttab
157	18	note; \\ 157\n\\.\ttab
158	19	note; \\ 158\n\\.\ttab
159	20	note; \\ 159\n\\.\ttab
160	1	note; \\ 160\n\\.\ttab
161	2	note; \\ 161\n\\.\ttab
162	3	note; \\ 162\n\\.\ttab
163	4	note; \\ 163\n\\.\ttab
164	5	note; \\ 164\n\\.\ttab
165	6	note; \\ 165\n\\.\ttab
166	7	note; \\ 166\n\\.\ttab
167	8	note; \\ 167\n\\.\ttab
168	9	note; \\ 168\n\\.\ttab
169	10	note; \\ 169\n\\.\ttab
170	11	note; \\ 170\n\\.\ttab
171	12	note; \\ 171\n\\.\ttab
172	13	note; \\ 172\n\\.\ttab
173	14	note; \\ 173\n\\.\ttab
174	15	note; \\ 174\n\\.\ttab
175	16	note; \\ 175\n\\.\ttab
176	17	note; \\ 176\n\\.\ttab
177	18	note; \\ 177\n\\.\ttab
178	19	note; \\ 178\n\\.\ttab
179	20	note; \\ 179\n\\.\ttab
180	1	note; \\ 180\n\\.\ttab
181	2	note; \\ 181\n\\.\ttab
182	3	note; \\ 182\n\\.\ttab
183	4	note; \\ 183\n\\.\ttab
184	5	note; \\ 184\n\\.\ttab
185	6	note; \\ 185\n\\.\ttab
186	7	note; \\ 186\n\\.\ttab
187	8	note; \\ 187\n\\.\ttab
188	9	note; \\ 188\n\\.\ttab
189	10	note; \\ 189\n\\.\ttab
190	11	note; \\ 190\n\\.\ttab
191	12	note; \\ 191\n\\.\ttab
192	13	note; \\ 192\n\\.\ttab
193	14	note; \\ 193\n\\.\ttab
194	15	note; \\ 194\n\\.\ttab
195	16	note; \\ 195\n\\.\ttab
196	17	note; \\ 196\n\\.\ttab
197	18	note; \\ 197\n\\.\ttab
198	19	note; \\ 198\n\\.\ttab
199	20	note; \\ 199\n\\.\ttab
200	1	note; \\ 200\n\\.\ttab
\.


--
-- Name: people_id_seq; Type: SEQUENCE SET; Schema: app; Owner: shop
--

SELECT pg_catalog.setval('app.people_id_seq', 20, true);


--
-- Name: a "sequence; Type: SEQUENCE SET; Schema: odd; schema; Owner: shop
--

SELECT pg_catalog.setval('"odd; schema"."a ""sequence"', 40, true);


--
-- Name: orders_id_seq; Type: SEQUENCE SET; Schema: public; Owner: shop
--

SELECT pg_catalog.setval('public.orders_id_seq', 200, true);


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('4711', 131072);
SELECT pg_catalog.lowrite(0, '\x00ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff10');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Name: people people_name_key; Type: CONSTRAINT; Schema: app; Owner: shop
--

ALTER TABLE ONLY app.people
    ADD CONSTRAINT people_name_key UNIQUE (name);


--
-- Name: people people_pkey; Type: CONSTRAINT; Schema: app; Owner: shop
--

ALTER TABLE ONLY app.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (id);


--
-- Name: orders kept; Type: RULE; Schema: public; Owner: shop
--

CREATE RULE kept AS
    ON DELETE TO public.orders DO INSTEAD ( SELECT 1 AS "?column?";
 SELECT 2 AS "?column?";
);


--
-- Name: orders touched; Type: TRIGGER; Schema: public; Owner: shop
--

CREATE TRIGGER touched BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION app.touch();


--
-- Name: orders orders_person_fkey; Type: FK CONSTRAINT; Schema: public; Owner: shop
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_person_fkey FOREIGN KEY (person) REFERENCES app.people(id);


--
-- Name: TABLE people; Type: ACL; Schema: app; Owner: shop
--

GRANT SELECT ON TABLE app.people TO PUBLIC;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: -; Owner: shop
--

ALTER DEFAULT PRIVILEGES FOR ROLE shop GRANT SELECT ON TABLES  TO PUBLIC;


--
-- Name: of_one; Type: MATERIALIZED VIEW DATA; Schema: app; Owner: shop
--

REFRESH MATERIALIZED VIEW app.of_one;


--
-- PostgreSQL database dump complete
--

\unrestrict 7YE1XWEvvBC62pId9PbsjBbLsnsmqaK1omp3yQqwqNQfiOji87hBU8Fbz0IwgKb

