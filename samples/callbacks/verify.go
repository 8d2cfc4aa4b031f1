// Verifies callbacks and counts each once. See README.md beside it. Run it with `go run verify.go FILE…`.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const tolerance = 5 * 60

func key(secret string) []byte {
	if strings.HasPrefix(secret, "whsec_") {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil {
			panic("the secret is not base64")
		}
		return key
	}
	return []byte(secret)
}

func receive(headers map[string]string, body []byte, secret string, seen map[string]bool, now int64) string {
	id, timestamp := headers["webhook-id"], headers["webhook-timestamp"]
	sent, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || now-sent > tolerance || sent-now > tolerance {
		return "refused"
	}
	mac := hmac.New(sha256.New, key(secret))
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	matches := false
	for _, given := range strings.Fields(headers["webhook-signature"]) {
		matches = matches || hmac.Equal([]byte(expected), []byte(given))
	}
	switch {
	case !matches:
		return "refused"
	case seen[id]:
		return "again"
	}
	seen[id] = true
	return "new"
}

func main() {
	files, now, seen := os.Args[1:], time.Now().Unix(), map[string]bool{}
	if len(files) > 1 && files[0] == "--now" {
		now, _ = strconv.ParseInt(files[1], 10, 64)
		files = files[2:]
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		head, body, _ := bytes.Cut(text, []byte("\n\n"))
		headers := map[string]string{}
		for _, line := range strings.Split(string(head), "\n") {
			field, value, _ := strings.Cut(line, ": ")
			headers[field] = value
		}
		fmt.Println(receive(headers, body, os.Getenv("CALLBACK_SECRET"), seen, now))
	}
}
