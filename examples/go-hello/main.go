// Counts visits in PostgreSQL.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
)

const table = `CREATE TABLE IF NOT EXISTS visits (path text PRIMARY KEY, count bigint NOT NULL)`

const visit = `INSERT INTO visits (path, count) VALUES ($1, 1)
	ON CONFLICT (path) DO UPDATE SET count = visits.count + 1 RETURNING count`

func main() {
	pool, err := pgxpool.New(context.Background(), os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	// The release command: it runs once before each deployment.
	if len(os.Args) > 1 && os.Args[1] == "migrate" {
		if _, err := pool.Exec(context.Background(), table); err != nil {
			log.Fatal(err)
		}
		log.Print("The table is there.")
		return
	}
	http.HandleFunc("GET /healthz", func(response http.ResponseWriter, request *http.Request) {
		if err := pool.Ping(request.Context()); err != nil {
			http.Error(response, "the database does not answer", http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("GET /{path...}", func(response http.ResponseWriter, request *http.Request) {
		var count int64
		err := pool.QueryRow(request.Context(), visit, request.PathValue("path")).Scan(&count)
		if err != nil {
			log.Print(err)
			http.Error(response, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(response, "Ahoy from Go, visit %d\n", count)
	})
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	log.Printf("Listening on port %s", port)
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
