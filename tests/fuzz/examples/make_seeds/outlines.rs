//! Outlines of documents (see `sealkeeper_fuzz::outline`) that together have everything the reader knows.

/// Name and outline.
pub(crate) const OUTLINES: [(&str, &str); 13] = [
    (
        "table",
        "=1\n<</Type/Catalog/Pages 2 0 R>>\n=2\n<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>\n\
         =3\n<</Type/Page/Parent 2 0 R/Rotate 90/Contents 4 0 R>>\n=s4\n\n0.8 0.9 1 rg 50 50 99 99 re f\n\
         =t/Root 1 0 R/ID[<00112233445566778899AABBCCDDEEFF><00112233445566778899AABBCCDDEEFF>]/Info 5 0 R",
    ),
    (
        "packed",
        "=1\n<</Type/Catalog/Pages 2 0 R/Version/1.6>>\n=o4\n=m2\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n\
         =m3\n<</Type/Page/Parent 2 0 R/MediaBox 6 0 R>>\n=m6\n[0 0 400 600]\n=x5/Root 1 0 R",
    ),
    (
        "updates",
        "=1\n<</Type/Catalog/Pages 2 0 R>>\n=2\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n\
         =3\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]>>\n=t\n=3\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]\
         /Annots[4 0 R]>>\n=4\n<</Type/Annot/Subtype/Text/Rect[1 1 9 9]/P 3 0 R>>\n=x5/Root 1 0 R\n\
         =4\n<</Type/Annot/Subtype/Text/Rect[2 2 9 9]/Contents(\\376\\377\\172\\340)>>\n=x6/Root 1 0 R",
    ),
    (
        "junk",
        "something before\n=1\n<</Type/Catalog/Pages 2 0 R>>\n=2\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n\
         =3\n<</Type/Page/Parent 2 0 R/MediaBox[-10 -20 390.5 580.25]/CropBox[0 0 1000 1000]/UserUnit 2>>\n=t",
    ),
    (
        "tree",
        "=1\n<</Type/Catalog/Pages 2 0 R>>\n=2\n<</Type/Pages/Kids[3 0 R 4 0 R]/Count 3/MediaBox[0 0 400 600]>>\n\
         =3\n<</Type/Pages/Parent 2 0 R/Kids[5 0 R 6 0 R]/Count 2/Rotate 180/CropBox 9 0 R>>\n\
         =4\n<</Type/Page/Parent 2 0 R/Annots 7 0 R>>\n=5\n<</Type/Page/Parent 3 0 R/Annots 7 0 R>>\n\
         =6\n<</Type/Page/Parent 3 0 R/Rotate -90/Resources 8 0 R>>\n=7\n[]\n=8\n<<>>\n=9\n[10 10 390 590]\n=t",
    ),
    (
        "form",
        "=1\n<</Type/Catalog/Pages 2 0 R/AcroForm 4 0 R>>\n=2\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n\
         =3\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]/Annots[6 0 R 7 0 R 8 0 R]>>\n\
         =4\n<</Fields 5 0 R/SigFlags 1/DA(/Helv 0 Tf)/DR<<>>>>\n=5\n[6 0 R 9 0 R]\n\
         =6\n<</Subtype/Widget/FT/Tx/T(Name)/Rect[1 1 50 9]/P 3 0 R/V(x)>>\n\
         =7\n<</Subtype/Widget/Parent 9 0 R/FT/Sig/T(Seal)/Rect[9 9 99 99]/P 3 0 R>>\n\
         =8\n<</Subtype/Widget/Parent 9 0 R/FT/Btn/T(Box)/Ff 65536/Rect[9 9 99 99]>>\n=9\n<</T(Group)/Kids[7 0 R 8 0 R]>>\n=t",
    ),
    (
        "layers",
        "=1\n<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[4 0 R 5 0 R]/D<</BaseState/ON/OFF[4 0 R]/ON[5 0 R]\
         /AS[<</Event/Print/Category[/Print]/OCGs[5 0 R]>><</Event/View/Category[/View]/OCGs[4 0 R]>>]>>>>>>\n\
         =2\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n=3\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]>>\n\
         =4\n<</Type/OCG/Name(draft)/Usage<</View<</ViewState/ON>>/Print<</PrintState/OFF>>>>>>\n\
         =5\n<</Type/OCG/Name(stamp)/Usage<</Print<</PrintState/OFF>>>>>>\n=t",
    ),
    (
        "hazards",
        "=1\n<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R/AA<</WC 4 0 R>>/Names<</JavaScript<</Names[(a) 4 0 R]>>\
         /EmbeddedFiles<</Names[(f) 5 0 R]>>>>/AF[5 0 R]/URI<<>>/Collection<<>>>>\n=2\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n\
         =3\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]/Annots[7 0 R 8 0 R]/AA<</O 4 0 R>>>>\n\
         =4\n<</S/JavaScript/JS(app.alert\\(1\\))/Next[<</S/Launch/F(x.exe)>><</S/URI/URI(http://example.com)>>\
         <</S/SubmitForm/F(u)>><</S/GoToR/F(o.pdf)/D[0/Fit]>>]>>\n=5\n<</Type/Filespec/F(f)/EF<</F 6 0 R>>>>\n\
         =f6/Type/EmbeddedFile\ncontent\n=7\n<</Subtype/Movie/Rect[0 0 9 9]>>\n=8\n<</Subtype/RichMedia/Rect[0 0 9 9]>>\n=t",
    ),
    (
        "metadata",
        "=1\n<</Type/Catalog/Pages 2 0 R/Metadata 4 0 R/MarkInfo<</Marked true>>/StructTreeRoot<<>>>>\n\
         =2\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n=3\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]>>\n\
         =f4/Type/Metadata/Subtype/XML\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
         xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" pdfaid:part=\"2\" pdfaid:conformance=\"B\"/></rdf:RDF></x:xmpmeta>\n=t",
    ),
    (
        "certified",
        "=1\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R 6 0 R]/SigFlags 3>>/Perms<</DocMDP 5 0 R>>>>\n\
         =2\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n=3\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]/Annots[4 0 R]>>\n\
         =4\n<</Subtype/Widget/FT/Sig/T(a)/V 5 0 R/Rect[0 0 0 0]/P 3 0 R/Lock<</Action/All>>>>\n\
         =5\n<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 9 99 9]/Contents<00>\
         /M(D:20250131120000Z)/Name(A)/Reason(B)/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</P 2>>>>]>>\n\
         =6\n<</FT/Sig/T(b)/V<</Type/DocTimeStamp/SubFilter/ETSI.RFC3161/ByteRange[0 9 99 9]/Contents<00>>>>>\n=t",
    ),
    (
        "locked",
        "=1\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>\n=2\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n\
         =3\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]>>\n=4\n<</FT/Sig/T(a)/V 5 0 R/Rect[0 0 0 0]>>\n\
         =5\n<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 9 99 9]/Contents<00>/Reference[<</TransformMethod/FieldMDP\
         /TransformParams<</Action/Include/Fields[(x)]>>>>]/XXSealkeeper<</Origin(o)/UseID(123e4567-e89b-12d3-a456-426614174000)\
         /TreeSize 1/RootHash<00>>>>>\n=t",
    ),
    (
        "filters",
        "=1\n<</Type/Catalog/Pages 2 0 R/Metadata 9 0 R>>\n=2\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n\
         =3\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]/Contents[4 0 R 5 0 R 6 0 R 7 0 R 8 0 R]>>\n\
         =s4/Filter/ASCIIHexDecode\n71 20 51>\n=s5/Filter[/ASCII85Decode]\nEHPu*AKYi.Eb-A8~>\n\
         =s6/Filter/RunLengthDecode\n\u{2}abc\u{7f}\n=s7/Filter/LZWDecode/DecodeParms<</EarlyChange 0>>\n\u{10}0D\n\
         =f8/DecodeParms<</Predictor 12/Columns 4>>\n\u{2}abcd\u{1}efgh\n=s9/Filter[/ASCIIHexDecode/RunLengthDecode]/DecodeParms[null null]\n\
         02 78 79 7A>\n=t",
    ),
    ("empty", "=1\n<</Type/Catalog/Pages 2 0 R>>\n=2\n<</Type/Pages/Kids[]/Count 0>>\n=t"),
];
